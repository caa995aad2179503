import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder, type TemporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { auditFolder } from '../../support/audit/traces/audit-folder.ts';
import { verdictLine } from '../../support/audit/traces/verdict-line.ts';
import { DELETED, DONE, OWNER, watchedNode, type WatchedNode } from '../../support/audit/watched-node.ts';

describe('the auditor of a node that was watched', () => {
  let folder: TemporaryFolder;
  let node: WatchedNode;
  beforeEach(async () => {
    folder = await temporaryFolder('audit');
    node = await watchedNode(folder.path);
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const found = async () => (await auditFolder(folder.path)).violations;
  const event = (jobId: typeof DONE, cursor: number, code: 40 | 70) =>
    ({ type: 'event', session: 'first', owner: OWNER, cursor, jobId, run: 1, attempt: 1, code, atMs: cursor }) as const;

  it('finds nothing where everything is right, and says so', async () => {
    const verdict = await auditFolder(folder.path);
    expect(verdict.violations).to.deep.equal([]);
    expect(verdictLine(verdict)).to.equal('0 violations in 2 jobs under 0 faults');
  });

  it('counts the faults', async () => {
    const fault = { type: 'fault', name: 'NATS falls', at: '', tookMs: 1, comebacksMs: [] } as const;
    node.traces.write('faults', { ...fault, id: 'F4' });
    node.traces.write('faults', { ...fault, id: 'F4' });
    expect((await auditFolder(folder.path)).faults).to.deep.equal({ 'F4 NATS falls': 2 });
  });

  it('finds a job that was acknowledged and is gone', async () => {
    node.inStore(`delete from tombstones`);
    expect(await found()).to.include(`rule 1: job ${DELETED} was acknowledged and is gone`);
  });

  it('finds a job that never ends', async () => {
    node.inStore(`update jobs set code = 40, results = '[]' where job_id = '${DONE}'`);
    expect(await found()).to.deep.equal([`rule 1: job ${DONE} run 1 never ends: it is at 40`]);
  });

  it('finds a job that was deleted and nobody had asked for it', async () => {
    await node.forget('clients', ({ type }) => type === 'asked');
    expect(await found()).to.deep.equal([`rule 1: job ${DELETED} was deleted, which nobody asked for`]);
  });

  it('finds an algorithm that was started twice, and a second attempt without a reason', async () => {
    const again = { jobId: DONE, run: 1, environment: 'watched', container: 'c', atMs: 1 } as never;
    node.traces.write('engine', { ...(again as object), type: 'started', attempt: 1 } as never);
    node.traces.write('engine', { ...(again as object), type: 'started', attempt: 2 } as never);
    expect((await found()).filter((text) => text.startsWith('rule 2')).join()).to.match(
      /started 2 times.*did not lose/,
    );
  });

  it('finds a deleted job that was started twice before it was deleted, and leaves to the broker what comes after', async () => {
    const again = { jobId: DELETED, run: 1, attempt: 1, container: 'c', environment: 'watched' as never };
    node.traces.write('engine', { type: 'started', ...again, atMs: 99 });
    expect((await found()).filter((text) => text.startsWith('rule 2'))).to.deep.equal([]);
    node.traces.write('engine', { type: 'started', ...again, atMs: 1 });
    expect((await found()).join()).to.match(/rule 2: .* was started 2 times/);
  });

  it('takes a second attempt for right where the engine lost the first', async () => {
    const lost = { jobId: DONE, run: 1, attempt: 1 } as const;
    node.traces.write('engine', { type: 'lost', ...lost });
    const second = { ...lost, attempt: 2, container: 'c', environment: 'watched' as never, atMs: 1 };
    node.traces.write('engine', { type: 'started', ...second });
    expect(await found()).to.deep.equal([]);
  });

  it('finds a job that moves on after its end, also in what the store has forgotten', async () => {
    node.inStore(`update events set code = 70 where code = 40 and job_id = '${DONE}'`);
    expect((await found()).join()).to.match(/rule 3: 0+1\.1 moved on after its end/);
    await node.forget('clients', (entry) => entry.type === 'event' && entry.jobId === DELETED && entry.code === 20);
    node.traces.write('clients', { ...event(DELETED, 10, 70), session: 'nobody' });
    expect((await found()).join()).to.match(/rule 3: 0+2\.1 moved on after its end/);
  });

  it('finds an event that a subscriber was not told, and one that was told twice', async () => {
    await node.forget('clients', (entry) => entry.type === 'event' && entry.cursor === 5);
    expect((await found()).join()).to.match(/rule 4: .* got event 6 where 5 was to come/);
    node.traces.write('clients', event(DONE, 4, 40));
    expect((await found()).join()).to.contain('rule 4');
  });

  it('finds an end that a subscriber still waits for', async () => {
    await node.forget('clients', (entry) => entry.type === 'event' && entry.code === 8);
    expect((await found()).join()).to.match(/rule 4: .* never got event 13/);
  });

  it('finds a snapshot that is wrong', async () => {
    const wrong = { type: 'snapshot', session: 'second', owner: OWNER, cursor: 7, jobs: [[DONE, 40]] } as const;
    node.traces.write('clients', wrong);
    expect((await found()).join()).to.match(/rule 4: a snapshot at 7 shows job/);
  });

  it('finds what is left in the engine', async () => {
    node.traces.write('engine', { type: 'left', names: ['volume one'] });
    expect(await found()).to.deep.equal(['rule 5: volume one is left behind']);
  });

  it('finds more at once than there is room for', async () => {
    await node.forget('engine', ({ type }) => type === 'ended');
    expect(await found()).to.deep.equal(['rule 6: 2 jobs ran at once in watched, which has room for 1']);
  });

  it('counts nothing as running that an engine does not have after its start', async () => {
    const starts: string[] = [];
    await node.forget('engine', ({ type }) => type === 'ended' || (type === 'started' && starts.push(type) === 2));
    node.traces.write('engine', { type: 'engine up', running: [] });
    const next = { jobId: DELETED, run: 1, attempt: 1, container: 'c', environment: 'watched' as never, atMs: 1 };
    node.traces.write('engine', { type: 'started', ...next });
    expect(await found()).to.deep.equal([]);
  });

  it('finds results that are other than they were, or gone', async () => {
    await writeFile(join(node.resultsDir, 'files', '0'), '43');
    expect((await found()).join()).to.match(/rule 7: out of .* is served other than its manifest says/);
    await rm(node.resultsDir, { recursive: true });
    expect((await found()).join()).to.match(/rule 7: .* lists results that are not there/);
  });

  it('finds a single download that was other than its manifest says', async () => {
    node.traces.write('clients', { type: 'downloaded', jobId: DONE, run: 1, index: 0, sha256: '0'.repeat(64) });
    expect((await found()).join()).to.match(/rule 7: out of .* is served other than its manifest says/);
  });

  it('finds a nonce that took effect twice', async () => {
    node.traces.write('clients', { type: 'effect', owner: OWNER, nonce: '1', effect: 'job other' });
    expect((await found()).join()).to.match(/rule 8: nonce 1 of .* took effect 2 times/);
  });

  it('tells what those who watched saw go wrong', async () => {
    node.traces.write('clients', { type: 'breach', text: 'a second gateway was let in' });
    expect(await found()).to.deep.equal(['a second gateway was let in']);
  });
});
