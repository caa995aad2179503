/** The past_runs table: how runs ended that were followed by another one, as long as their results are kept. */
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { ResultFile, Termination } from '@capstan/shared/contract/job';
import type { StatusCode } from '@capstan/shared/contract/status';
import type { Db } from './db.ts';
import type { StatusRow } from './status-row.ts';

/** What a status of an earlier run has of its own; the rest is the job's. */
export type PastRun = Pick<
  StatusRow,
  | 'run'
  | 'environment'
  | 'algoDid'
  | 'inputDids'
  | 'code'
  | 'dateFinished'
  | 'stopreq'
  | 'removed'
  | 'expiresAt'
  | 'termination'
  | 'results'
  | 'resultsDid'
>;

/** Most runs of one job that are remembered beside its last one: a restart costs nothing where orders are free. */
const MOST_RUNS = 100;

export type PastRuns = ReturnType<typeof createPastRuns>;

export function createPastRuns(db: Db) {
  const keep = db.prepare(`
    insert or ignore into past_runs
    select job_id, run, environment, algo_did, input_dids, code, date_finished, stopreq, expires_at, termination, results, results_did
    from jobs where job_id = ?`);
  const forgetOldest = db.prepare('delete from past_runs where job_id = ? and run <= ?');
  const removeOf = db.prepare('delete from past_runs where job_id = ?');
  const select = db.prepare('select * from past_runs where job_id = ? and run = ?');
  const prune = db.prepare(`
    delete from past_runs where (job_id, run) in (select job_id, run from past_runs where expires_at <= ? limit ?)`);

  return {
    /** Of a job that has ended, before its next run begins. */
    keep(jobId: JobId, run: number): void {
      keep.run(jobId);
      forgetOldest.run(jobId, run - MOST_RUNS);
    },
    removeOf(jobId: JobId): void {
      removeOf.run(jobId);
    },
    /** Forgets those whose results are over by now, `most` of them; returns how many. */
    prune: (now: number, most: number) => prune.run(now, most).changes,
    find(jobId: JobId, run: number): PastRun | undefined {
      const row = select.get(jobId, run);
      if (!row) return undefined;
      const termination = row['termination'] as string | null;
      return {
        run,
        environment: row['environment'] as EnvironmentId,
        algoDid: row['algo_did'] as string,
        inputDids: JSON.parse(row['input_dids'] as string) as string[],
        code: row['code'] as StatusCode,
        dateFinished: row['date_finished'] as number,
        stopreq: row['stopreq'] as 0 | 1 | 2,
        removed: 1,
        expiresAt: row['expires_at'] as number | null,
        termination: termination === null ? null : (JSON.parse(termination) as Termination),
        results: JSON.parse(row['results'] as string) as ResultFile[],
        resultsDid: row['results_did'] as string,
      };
    },
  };
}
