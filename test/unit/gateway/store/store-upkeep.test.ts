/** What is one long call by nature, checking the store and writing its log back, is done by a thread with a connection of its own. */
import { statSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@capstan/shared/runtime/clock';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { expect } from 'chai';
import { temporaryFolder, type TemporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';
import { createCheckLog } from '../../../../services/gateway/src/store/checkpoints.ts';
import { LOG_LIMITS, type LogLimits } from '../../../../services/gateway/src/store/log-limits.ts';
import { openStore, type Store } from '../../../../services/gateway/src/store/store.ts';
import { createStoreThread, type StoreThread } from '../../../../services/gateway/src/store/thread.ts';
import { createStoreUpkeep } from '../../../../services/gateway/src/store/upkeep.ts';
import { aJobId, aNewJob } from '../a-job.ts';

const PAGE_BYTES = 4_096;
const FOR_EVER = new AbortController().signal;
const SILENT = { error: () => undefined };

describe("the store's thread", () => {
  let folder: TemporaryFolder;
  let path: string;
  let store: Store;
  let thread: StoreThread;
  let jobs: number;
  beforeEach(async () => {
    folder = await temporaryFolder('store-upkeep');
    path = join(folder.path, 'capstan.db');
    store = openStore(path, undefined, { hasThread: true });
    thread = createStoreThread(path);
    jobs = 0;
  });
  afterEach(async () => {
    await thread.end();
    store.close();
    await folder[Symbol.asyncDispose]();
  });

  /** One commit of at least so many pages. */
  const writePages = (pages: number) => {
    jobs += 1;
    const jobId = aJobId(jobs);
    return store.write(() => store.jobs.add(aNewJob({ jobId }), 'x'.repeat(pages * PAGE_BYTES)));
  };
  const upkeep = () => createUpkeep({ clock: systemClock });
  const checkLogOf = (limits: LogLimits, reports = upkeep()) =>
    createCheckLog({ store, thread, upkeep: reports, limits, clock: systemClock });
  const bytesOf = (suffix = '') => statSync(path + suffix).size;

  /** Commits until `work` is done; returns how many were acknowledged by then. */
  const commitsDuring = async (work: Promise<unknown>): Promise<number> => {
    const state = { isOver: false };
    const over = work.finally(() => void (state.isOver = true));
    let commits = 0;
    while (!state.isOver) {
      await writePages(1);
      if (!state.isOver) commits += 1;
    }
    await over;
    return commits;
  };

  it('alone writes back a log that has become long, while the service commits', async function () {
    const before = bytesOf();
    for (let n = 0; n < 20; n += 1) await writePages(1_000);
    expect(bytesOf('-wal')).to.be.greaterThan(LOG_LIMITS.fromPages * PAGE_BYTES);
    expect(bytesOf(), 'commits leave the file as it is').to.equal(before);
    const reports = upkeep();
    expect(await commitsDuring(checkLogOf(LOG_LIMITS, reports)(FOR_EVER))).to.be.greaterThan(0);
    expect(bytesOf()).to.be.greaterThan(20_000 * PAGE_BYTES);
    expect(reports.report()[0]).to.include({ name: 'log of the store', slices: 1, isRunning: false });
    expect(reports.report()[0]?.done).to.be.greaterThan(20_000);
    expect((await thread.ask({ do: 'check' })).damage).to.equal(undefined);
  });

  it('looks whether a large store is whole, while the service commits', async function () {
    for (let n = 0; n < 20; n += 1) await writePages(1_000);
    // Once it runs: what it takes to begin is not what is asked about.
    await thread.ask({ do: 'measure' });
    const checked = thread.ask({ do: 'check' });
    expect(await commitsDuring(checked)).to.be.greaterThan(0);
    expect((await checked).damage).to.equal(undefined);
  });

  it('keeps the log short under writes that never end', async function () {
    const limits = { fromPages: 200, lastPages: 20 };
    const reports = upkeep();
    const checkLog = checkLogOf(limits, reports);
    const pagesOf = async () => (await thread.ask({ do: 'measure' })).pages + (reports.report()[0]?.done ?? 0);
    const writes = async () => {
      for (let n = 0; n < 20; n += 1) await writePages(8);
    };
    await writes();
    const perRound = await pagesOf();
    for (let round = 0; round < 40; round += 1) await Promise.all([checkLog(FOR_EVER), writes()]);
    // What may be there before a look, and what is written during two of them.
    const longest = limits.fromPages + 3 * perRound;
    expect(bytesOf('-wal')).to.be.lessThan(longest * 1.1 * PAGE_BYTES);
    expect(await pagesOf(), 'what was written in all').to.be.greaterThan(4 * longest);
  });

  it('gives the room back of a log that became far too long', async () => {
    await writePages(500);
    expect(await checkLogOf({ fromPages: 100, lastPages: 10 })(FOR_EVER)).to.be.greaterThan(500);
    expect(bytesOf('-wal')).to.equal(0);
  });

  it('is no reason for a write to fail: those that come meanwhile wait, and share a commit', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const hold = store.hold(() => released);
    const writes = [writePages(1), writePages(1), writePages(1)];
    // Others commit after these many turns of the loop.
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
    expect(store.jobs.find(aJobId(1))).to.equal(undefined);
    release();
    await hold;
    expect((await Promise.all(writes)).map(({ jobId }) => jobId)).to.deep.equal([1, 2, 3].map(aJobId));
    await store.hold(() => Promise.reject(new Error('no'))).catch(() => undefined);
    await writePages(1);
  });

  it('finds a damaged store that serves already, which is the end of the service', async () => {
    for (let n = 0; n < 100; n += 1) await writePages(1);
    await thread.end();
    store.close();
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(40_000, 0xff), 0, 40_000, bytesOf() - 80_000);
    await file.close();
    // Whoever opens it does not look at all of it.
    store = openStore(path, undefined, { hasThread: true });
    const readAll = () => Array.from({ length: 100 }, (_, n) => store.jobs.spec(aJobId(n + 1)));
    expect(readAll, 'whoever reads what is damaged').to.throw('The store is damaged');
    const reports = upkeep();
    const { service, broken, problem } = createStoreUpkeep({
      store,
      thread,
      upkeep: reports,
      clock: systemClock,
      log: SILENT,
    });
    expect(problem()).to.equal(undefined);
    await service.start();
    const error = await broken;
    expect(error).to.include({ code: 'STORE_UNAVAILABLE' });
    expect(error.message).to.match(/^The store is damaged \(.*npm run restore/s);
    expect(problem()).to.equal(error.message);
    await service.stop();
    expect(reports.report().map(({ name }) => name)).to.deep.equal(['integrity of the store']);
  });

  it('says that a store is whole, once, and ends with the service', async () => {
    const reports = upkeep();
    const { service } = createStoreUpkeep({ store, thread, upkeep: reports, clock: systemClock, log: SILENT });
    await service.start();
    await service.stop();
    await service.stop();
    expect(reports.report()).to.have.length(1);
    expect(reports.report()[0]).to.include({ name: 'integrity of the store', done: 1, isRunning: false });
  });

  it('is begun anew after it could not begin', async () => {
    const later = join(folder.path, 'later', 'capstan.db');
    const lost = createStoreThread(later);
    const problem = await lost.ask({ do: 'check' }).then(
      () => 'it answered',
      (error: unknown) => String(error),
    );
    expect(problem).to.contain('unable to open');
    await mkdir(join(folder.path, 'later'));
    expect(await lost.ask({ do: 'check' })).to.deep.equal({ damage: undefined });
    await lost.end();
  });
});
