import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { createLog } from '@capstan/shared/runtime/log';
import { createControl } from '../../../../services/runner/src/pipeline/control.ts';
import { runJob } from '../../../../services/runner/src/pipeline/run.ts';
import type { PipelineParts } from '../../../../services/runner/src/pipeline/run-context.ts';
import type { RunToDo } from '../../../../services/runner/src/pipeline/run-to-do.ts';
import { createReading } from '../../../../services/runner/src/worker/reading.ts';
import { createStepNotes } from '../../../../services/runner/src/pipeline/step-notes.ts';
import { isAtWork, mayJoin, type Company, type RunEntry } from '../../../../services/runner/src/worker/run-entry.ts';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';

const one = { jobId: 'a'.repeat(32) as JobId, run: 1 };
const other = { jobId: 'b'.repeat(32) as JobId, run: 2 };

const log = createLog('test', 'silent');

/** A new life of the runner: what the last one was at is still noted. */
async function nextLife(dir: string) {
  const notes = createStepNotes(dir, log);
  await notes.takeStock();
  return notes;
}

async function dieOver(dir: string, times: number, ...runs: (typeof one)[]): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const notes = await nextLife(dir);
    for (const run of runs) await notes.enter(run, 'before');
  }
}

describe('notes of steps', () => {
  it('let a job go on with others until the runner died three times over it, then alone, and give it up after ten more', async () => {
    await using folder = await temporaryFolder('notes');
    await dieOver(folder.path, 2, one);
    expect((await nextLife(folder.path)).judge(one, 'before')).to.equal('with-others');
    await dieOver(folder.path, 1, one);
    expect((await nextLife(folder.path)).judge(one, 'before')).to.equal('alone');
    await dieOver(folder.path, 9, one);
    expect((await nextLife(folder.path)).judge(one, 'before')).to.equal('alone');
    await dieOver(folder.path, 1, one);
    expect((await nextLife(folder.path)).judge(one, 'before')).to.equal('given-up');
  });

  it('count for all that were in hand, and for nobody who was not', async () => {
    await using folder = await temporaryFolder('notes');
    await dieOver(folder.path, 3, one, other);
    const notes = await nextLife(folder.path);
    expect([notes.judge(one, 'before'), notes.judge(other, 'before')]).to.deep.equal(['alone', 'alone']);
    expect(notes.judge({ ...one, run: 2 }, 'before')).to.equal('with-others');
  });

  it('count no life that ended well, however often', async () => {
    await using folder = await temporaryFolder('notes');
    for (let n = 0; n < 20; n += 1) {
      const notes = await nextLife(folder.path);
      await notes.enter(one, 'before');
      await notes.leave(one);
    }
    expect((await nextLife(folder.path)).judge(one, 'before')).to.equal('with-others');
  });

  it('begin anew once the steps went well', async () => {
    await using folder = await temporaryFolder('notes');
    await dieOver(folder.path, 5, one);
    const notes = await nextLife(folder.path);
    await notes.enter(one, 'before');
    await notes.started(one);
    expect(notes.judge(one, 'before')).to.equal('with-others');
    await notes.pass(one);
    expect((await nextLife(folder.path)).judge(one, 'before')).to.equal('with-others');
    expect(await readdir(folder.path)).to.deep.equal([]);
  });

  it('that were half written count as well, and what is no note is left alone', async () => {
    await using folder = await temporaryFolder('notes');
    await writeFile(join(folder.path, `${one.jobId}-1`), '{"stage":"bef');
    await writeFile(join(folder.path, 'something else'), 'x');
    await dieOver(folder.path, 2, one);
    expect((await nextLife(folder.path)).judge(one, 'before')).to.equal('alone');
  });

  it('hold nothing up where they can not be written', async () => {
    await using folder = await temporaryFolder('notes');
    const path = join(folder.path, 'no-folder');
    const notes = createStepNotes(path, log);
    await notes.takeStock();
    await writeFile(path, '');
    await notes.enter(one, 'after');
    await notes.leave({ ...one, run: 2 });
    expect(notes.judge(one, 'before')).to.equal('with-others');
  });

  it('go with a run that has ended, whatever it cost before', async () => {
    await using folder = await temporaryFolder('notes');
    await dieOver(folder.path, 1, one);
    const control = createControl();
    control.set('ended');
    const found = { containers: [], volumes: [] };
    const parts = {
      notes: await nextLife(folder.path),
      engine: { find: () => Promise.resolve(found) },
      results: { read: () => Promise.resolve(undefined) },
      marks: { read: () => Promise.resolve(0), clear: () => Promise.resolve() },
      captures: { remove: () => Promise.resolve() },
      uncleared: { note: () => undefined, forget: () => undefined },
      onCleared: () => undefined,
      owner: { id: 'runner-1', former: [], node: 'node', unmarked: [] },
      settings: { id: 'runner-1' },
      limitsOf: () => ({}),
      log,
    } as unknown as PipelineParts;
    const todo = {
      ...one,
      environment: 'local',
      control,
      spec: () => undefined,
      lastStart: () => 0,
    } as unknown as RunToDo;
    expect(await runJob(todo, parts, new AbortController().signal)).to.equal('ended');
    expect(await readdir(folder.path)).to.deep.equal([]);
  });

  it('of a job that was given up are kept apart', async () => {
    await using folder = await temporaryFolder('notes');
    await dieOver(folder.path, 13, one);
    const notes = await nextLife(folder.path);
    await notes.bury(one);
    // Until its end is told.
    expect((await nextLife(folder.path)).judge(one, 'before')).to.equal('given-up');
    await notes.pass(one);
    expect(await readdir(join(folder.path, 'given-up'))).to.deep.equal([`${one.jobId}-1`]);
    expect((await nextLife(folder.path)).judge(one, 'before')).to.equal('with-others');
  });
});

describe('notes of other times', () => {
  it('count apart from those of steps: what an algorithm cost before it ran is over, what its log costs is only its log', async () => {
    await using folder = await temporaryFolder('notes');
    await dieOver(folder.path, 3, one);
    for (let n = 0; n < 5; n += 1) {
      const notes = await nextLife(folder.path);
      expect(notes.isFollowed(one)).to.equal(true);
      await notes.started(one);
    }
    const notes = await nextLife(folder.path);
    expect(notes.isFollowed(one)).to.equal(false);
    expect([notes.judge(one, 'before'), notes.judge(one, 'after')]).to.deep.equal(['with-others', 'with-others']);
  });

  it('are whole or as they were before, whenever the runner dies over them', async () => {
    await using folder = await temporaryFolder('notes');
    await dieOver(folder.path, 3, one);
    await writeFile(join(folder.path, `${one.jobId}-1.new`), '{"open":');
    const notes = await nextLife(folder.path);
    expect(notes.judge(one, 'before')).to.equal('alone');
    expect((await readdir(folder.path)).filter((name) => name.endsWith('.new'))).to.deep.equal([]);
  });

  it('of earlier versions are read', async () => {
    await using folder = await temporaryFolder('notes');
    const old = { stage: 'after', isOpen: true, deaths: 3, deathsAlone: 9 };
    await writeFile(join(folder.path, `${one.jobId}-1`), JSON.stringify(old));
    expect((await nextLife(folder.path)).judge(one, 'after')).to.equal('given-up');
  });

  it('are taken of commands, and one that is deadly to read is refused unread in the end', async () => {
    await using folder = await temporaryFolder('notes');
    const body = { ...one, v: 1 };
    const lives: string[] = [];
    for (let n = 0; n < 14; n += 1) {
      const notes = await nextLife(folder.path);
      const reading = createReading({ notes, isInHand: () => false, isAtWork: () => false });
      const died = new Promise<string>((resolve) => {
        const read = () => {
          resolve('died');
          throw new Error('as if the process had ended here');
        };
        reading(body, { read, refuse: ({ reason }) => resolve(reason) }).catch(() => undefined);
      });
      lives.push(await died);
    }
    expect(lives.slice(0, 13)).to.deep.equal(Array(13).fill('died'));
    expect(lives[13]).to.contain('each time that it read the command');
  });

  it('of commands are gone once they are read, and none is taken of a job that is in hand', async () => {
    await using folder = await temporaryFolder('notes');
    const notes = await nextLife(folder.path);
    const read = () => undefined;
    const refuse = () => expect.fail('it is read');
    const names = async () => (await readdir(folder.path)).filter((name) => name !== 'given-up');
    await createReading({ notes, isInHand: () => false, isAtWork: () => false })(one, { read, refuse });
    expect(await names()).to.deep.equal([]);
    await notes.enter(one, 'before');
    await createReading({ notes, isInHand: () => true, isAtWork: () => true })(one, { read, refuse });
    await dieOver(folder.path, 2, one);
    expect((await nextLife(folder.path)).judge(one, 'before')).to.equal('alone');
  });
});

describe('a run that goes alone', () => {
  let jobs = 0;
  const run = (state: RunEntry['state'], company: Company) =>
    ({ jobId: `${(jobs += 1)}`.padStart(32, '0') as JobId, state, company }) as RunEntry;
  it('waits for those that are at work, and nobody joins it; an algorithm that runs is nobody', () => {
    for (const state of ['provisioning', 'restarting', 'publishing'] as const) {
      const [busy, waiting, lonely] = [
        run(state, 'with-others'),
        run('waiting', 'with-others'),
        run('waiting', 'alone'),
      ];
      expect(isAtWork(busy)).to.equal(true);
      expect(mayJoin(lonely, [busy, lonely])).to.equal(false);
      expect(mayJoin(lonely, [waiting, lonely, run('waiting', 'alone'), run('running', 'alone')])).to.equal(true);
      expect(mayJoin(waiting, [waiting, run(state, 'alone')])).to.equal(false);
      expect(mayJoin(waiting, [waiting, lonely])).to.equal(true);
    }
  });
});
