import { expect } from 'chai';
import type { StatusObject } from '@capstan/shared/contract/api';
import { followOverSocket } from '../../support/gateway/log-follower.ts';
import type { Caller } from '../../support/gateway/caller.ts';
import { peakRssBytes } from '../../support/memory.ts';
import { playLog } from '../../support/gateway/played-log.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const LOGS = '/api/services/computeLogs';

describe('the log of a job', () => {
  let scene: GatewayScene;
  let owner: Caller;
  let job: StatusObject;

  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());
  beforeEach(async () => {
    owner = scene.caller();
    job = await owner.job(scene.order());
  });
  afterEach(async () => {
    const [left] = (await owner.call('GET', '/api/services/compute', { query: { jobId: job.jobId } })).jobs();
    if (left?.dateFinished === null) await scene.report(job.jobId, 70, { details: { results: [] } });
  });

  const read = async (more: Readonly<Record<string, unknown>> = {}, who = owner, headers = {}) =>
    who.call('GET', LOGS, {
      query: { jobId: job.jobId, ...(await who.signed(job.jobId, 'log')), ...more },
      headers,
    });
  const follow = (more = {}) => followOverSocket(scene.url, owner, { jobId: job.jobId, ...more });
  const run = async () => {
    await scene.report(job.jobId, 10);
    await scene.report(job.jobId, 40);
    return playLog(scene.bus, job.jobId);
  };

  it('is empty before it begins, and whoever follows waits for it', async () => {
    expect(await read()).to.include({ status: 200, text: '' });
    await using follower = await follow();
    using log = await run();
    log.print('stdout', 'at last\n');
    await follower.untilText(/^at last\n$/);
  });

  it('is told while it grows, its streams apart', async () => {
    using log = await run();
    await using follower = await follow();
    log.print('stdout', 'one\n');
    await follower.untilText(/one/);
    log.print('stderr', 'two\n');
    log.print('stdout', 'three\n');
    await follower.untilText(/three/);
    expect(follower.text()).to.equal('one\ntwo\nthree\n');
    expect(follower.text('stderr')).to.equal('two\n');
    expect((await read()).text).to.equal('one\ntwo\nthree\n');
    expect((await read({ stream: 'stderr' })).text).to.equal('two\n');
    expect((await read({ from: 4 })).text).to.equal('two\nthree\n');
    expect((await read({ from: -6 })).text).to.equal('three\n');
  });

  it('is told although the word that there is more was lost', async () => {
    using log = await run();
    await using follower = await follow();
    log.print('stdout', 'loudly\n');
    await follower.untilText(/loudly/);
    log.print('stdout', 'silently\n', { isTold: false });
    await follower.untilText(/silently/);
  });

  it('goes on without a seam when the job ends, and ends', async () => {
    using log = await run();
    await using follower = await follow();
    log.print('stdout', 'while it ran\n');
    await follower.untilText(/ran/);
    log.print('stderr', 'last words\n', { isTold: false });
    const results = await log.publish(scene.dataDir);
    log[Symbol.dispose]();
    await scene.report(job.jobId, 70, { details: { results: [...results] } });
    expect(await follower.end()).to.include({ isComplete: true, next: 24 });
    expect(follower.text('stdout')).to.equal('while it ran\n');
    expect(follower.text('stderr')).to.equal('last words\n');
    expect(follower.text()).to.equal('while it ran\nlast words\n');
  });

  it('can be read afterwards, its streams still apart', async () => {
    using log = await run();
    for (let line = 0; line < 100; line += 1) log.print(line % 3 === 0 ? 'stderr' : 'stdout', `line ${line}\n`);
    const results = await log.publish(scene.dataDir);
    await scene.report(job.jobId, 70, { details: { results: [...results] } });
    const { text } = await read();
    expect(text.split('\n')).to.have.length(101);
    expect((await read({ stream: 'stderr' })).text).to.match(/^line 0\nline 3\n/);
    expect((await read({ from: 300, follow: true })).text).to.equal(text.slice(300));
    const { headers, text: lines } = await read({ from: 7 }, owner, { accept: 'application/x-ndjson' });
    expect(headers.get('content-type')).to.equal('application/x-ndjson');
    const frames = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; text?: string });
    expect(frames.at(-1)).to.deep.equal({ type: 'logEnd', jobId: job.jobId, next: text.length, isComplete: true });
    expect(frames.map((frame) => frame.text ?? '').join('')).to.equal(text.slice(7));
  });

  it('is resumed by whoever lost a gateway that was killed, with every line once', async () => {
    using log = await run();
    let told = '';
    let next = 0;
    for (let round = 0; round < 2; round += 1) {
      await using follower = await follow({ from: next });
      log.print('stdout', `line ${round} before\n`);
      await follower.untilText(new RegExp(`${round} before`));
      log.print('stdout', `line ${round} perhaps\n`);
      if (round === 0) {
        await scene.gateway().kill();
        await follower.until(() => false, 'nothing').catch(() => undefined);
        await scene.restartGateway();
      } else {
        await follower.untilText(/1 perhaps/);
      }
      told += follower.text();
      next = follower.next();
    }
    const lines = [0, 1].flatMap((round) => [`line ${round} before\n`, `line ${round} perhaps\n`]);
    expect(told).to.equal(lines.join(''));
  });

  it('is told in whole characters, wherever it was cut, and broken ones are replaced', async () => {
    using log = await run();
    const euro = Buffer.from('€');
    await using follower = await follow();
    log.print('stdout', euro.subarray(0, 2));
    log.print('stderr', 'between\n');
    await follower.untilText(/between/);
    const cut = follower.next();
    log.print('stdout', Buffer.concat([euro.subarray(2), Buffer.from([0xff, 0x0a])]));
    await follower.untilText(/\n.*\n/s);
    expect(follower.text('stdout')).to.equal('€\ufffd\n');
    await using resumed = await follow({ from: cut });
    await resumed.untilText(/€\ufffd\n/);
    expect(resumed.text()).to.equal('€\ufffd\n');
    // HTTP hands out what was written.
    expect((await read()).headers.get('content-type')).to.equal('text/plain; charset=utf-8');
  });

  it('begins again with another attempt, and says so', async () => {
    using log = await run();
    await using follower = await follow();
    log.print('stdout', 'first\n');
    await follower.untilText(/first/);
    log.begin(2);
    log.print('stdout', 'second\n');
    await follower.untilText(/^second\n$/);
    expect(follower.frames().map(({ type }) => type)).to.deep.equal(['log', 'logRestart', 'log']);
    await using late = await follow({ from: 6, attempt: 1 });
    await late.untilText(/^second\n$/);
    expect(late.frames()[0]).to.include({ type: 'logRestart', attempt: 2 });
  });

  it("is the owner's alone", async () => {
    using log = await run();
    log.print('stdout', 'secret\n');
    const stranger = scene.caller();
    const theirs = await read({}, stranger);
    const none = await stranger.call('GET', LOGS, {
      query: { jobId: '0'.repeat(32), ...(await stranger.signed('0'.repeat(32), 'log')) },
    });
    expect([theirs.status, theirs.text]).to.deep.equal([404, none.text]);
    const unsigned = await owner.call('GET', LOGS, {
      query: { jobId: job.jobId, consumerAddress: owner.address, nonce: '1' },
    });
    expect(unsigned.status).to.equal(400);
    // What was signed to stop a job, or to ask for a result, opens no log.
    const other = await owner.call('GET', LOGS, { query: { jobId: job.jobId, ...(await owner.signed(job.jobId)) } });
    expect(other.status).to.equal(401);
    await using follower = await followOverSocket(scene.url, stranger, { jobId: job.jobId });
    const failure = await follower.end().catch((error: unknown) => String(error));
    expect(failure).to.contain('4400');
    expect(follower.text()).to.equal('');
  });

  it('that is sealed to a key is told to nobody', async () => {
    const { publicKey } = owner.wallet.signingKey;
    const sealedJob = await owner.job({ ...scene.order(), output: { encryptTo: publicKey } });
    const { status, text } = await owner.call('GET', LOGS, {
      query: { jobId: sealedJob.jobId, ...(await owner.signed(sealedJob.jobId, 'log')) },
    });
    expect(status).to.equal(400);
    expect(text).to.contain('is encrypted to the key');
    await scene.report(sealedJob.jobId, 70, { details: { results: [] } });
  });

  it('that nobody can be asked for is not taken for an empty one', async () => {
    const log = await run();
    log[Symbol.dispose]();
    await scene.bus.connection().flush();
    const { status, headers } = await read();
    expect(status).to.equal(503);
    expect(headers.get('retry-after')).not.to.equal(null);
  });

  it('costs no memory, however slow its reader', async () => {
    using log = await run();
    const before = await peakRssBytes(scene.gateway().pid);
    const query = new URLSearchParams({ jobId: job.jobId, follow: 'true', ...(await owner.signed(job.jobId, 'log')) });
    const going = new AbortController();
    const answer = await fetch(`${scene.url}${LOGS}?${query.toString()}`, { signal: going.signal });
    // Nothing of it is read.
    log.print('stdout', Buffer.alloc(60_000_000, 'x'));
    await using other = await followOverSocket(scene.url, owner, { jobId: job.jobId, from: 59_999_000 });
    await other.untilText(/x{1000}/);
    expect(log.questions()).to.be.below(200);
    expect((await peakRssBytes(scene.gateway().pid)) - before).to.be.below(60_000_000);
    going.abort();
    await answer.text().catch(() => undefined);
  });
});
