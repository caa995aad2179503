import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pastRuns } from '../../../../services/gateway/src/store/migrations/0015-past-runs.ts';
import { MIGRATIONS } from '../../../../services/gateway/src/store/migrations/list.ts';
import { openStore, type Store } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, aNewJob } from '../a-job.ts';

const RESULTS = [{ filename: 'out.csv', filesize: 3, type: 'output', index: 0 }] as const;
const TERMINATION = { exitCode: 1, signal: null, OOMKilled: false, reason: 'It failed.' };
const DETAILS = JSON.stringify({ results: RESULTS, expiresAt: 9_000, termination: TERMINATION });

describe('earlier runs of a job', () => {
  let store: Store;
  beforeEach(() => {
    store = openStore(':memory:');
  });
  afterEach(() => store.close());

  /** Ends each run and begins the next, up to this one. */
  const runUpTo = async (last: number) => {
    let job = await store.write(() => store.jobs.add(aNewJob(), '{}'));
    while (job.run < last) {
      const { jobId, run } = job;
      const ending = { expiresAt: 9_000, resultsDid: '', termination: TERMINATION, results: RESULTS, dateFinished: 5 };
      job = await store.write(() => {
        store.jobs.advance(job, { ...ending, state: { run, attempt: 0, code: 41 } });
        store.pastRuns.keep(jobId, run);
        return store.jobs.restart(job, aNewJob(), '{}') ?? job;
      });
    }
    return job;
  };

  it('are kept as they ended, until their results are over', async () => {
    const { jobId } = await runUpTo(3);
    expect(store.pastRuns.find(jobId, 2)).to.deep.include({ run: 2, code: 41, results: RESULTS, dateFinished: 5 });
    expect(store.pastRuns.find(jobId, 3)).to.equal(undefined);
    expect(await store.write(() => store.pastRuns.prune(8_999, 10))).to.equal(0);
    expect(await store.write(() => store.pastRuns.prune(9_000, 1)), 'in slices').to.equal(1);
    expect(await store.write(() => store.pastRuns.prune(9_000, 10))).to.equal(1);
    expect(store.pastRuns.find(jobId, 2)).to.equal(undefined);
  });

  it('are a hundred at most', async () => {
    const { jobId } = await runUpTo(103);
    expect(store.pastRuns.find(jobId, 102)?.run).to.equal(102);
    expect(store.pastRuns.find(jobId, 3)?.run).to.equal(3);
    expect(store.pastRuns.find(jobId, 2)).to.equal(undefined);
  });

  it('are known of a store of before, as far as their events are kept', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'capstan-past-runs-'));
    const path = join(dir, 'old.db');
    const old = new DatabaseSync(path);
    const before = MIGRATIONS.indexOf(pastRuns);
    for (const sql of MIGRATIONS.slice(0, before)) old.exec(sql);
    const columns = 'job_id, run, attempt, n, code, at, details, owner, environment, document_id';
    const event = (run: number, n: number, code: number) =>
      `insert into events (${columns}) values ('${aJobId()}', ${run}, 1, ${n}, ${code}, 7, '${DETAILS}', 'o', 'local', 'd')`;
    old.exec(`insert into jobs
      (id, job_id, accepted, run, attempt, code, owner, owner_shown, environment, document_id, agreement_id, algo_did, nonce, body_hash, input_dids, date_created)
      values (1, '${aJobId()}', 1, 2, 1, 41, 'o', 'o', 'local', 'd', '0x1', 'raw', '1', 'hash', '["d"]', 1000);
      ${event(1, 4, 40)}; ${event(1, 10, 41)}; ${event(2, 10, 41)}; pragma user_version = ${before}`);
    old.close();
    const opened = openStore(path);
    expect(opened.pastRuns.find(aJobId(), 1)).to.deep.equal({
      run: 1,
      environment: 'local',
      algoDid: 'raw',
      inputDids: ['d'],
      code: 41,
      dateFinished: 7,
      stopreq: 0,
      removed: 1,
      expiresAt: 9_000,
      termination: TERMINATION,
      results: RESULTS,
      resultsDid: '',
    });
    expect(opened.pastRuns.find(aJobId(), 2), 'the last one is in its own row').to.equal(undefined);
    opened.close();
    await rm(dir, { recursive: true });
  });
});
