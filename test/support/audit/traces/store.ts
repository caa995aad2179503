/** What a node's store says, after its gateway has ended. Read as it is: what is not there is what the auditor looks for. */
import type { Address, JobId } from '@capstan/shared/contract/ids';
import type { StatusCode } from '@capstan/shared/contract/status';
import { openDb } from '../../../../services/gateway/src/store/db.ts';
import { toJob } from '../../../../services/gateway/src/store/job-row.ts';
import type { Observed, ObservedEvent } from '../observed.ts';

export function seenInStore(path: string): Pick<Observed, 'jobs' | 'tombstones' | 'events'> {
  // Opening it checks its integrity, and throws if that fails.
  const db = openDb(path);
  try {
    const events = db.prepare('select cursor, job_id, run, attempt, code, owner from events order by cursor').all();
    return {
      jobs: db.prepare('select * from jobs').all().map(toJob),
      tombstones: db
        .prepare('select job_id from tombstones')
        .all()
        .map((row) => row['job_id'] as JobId),
      events: events.map((row): ObservedEvent => ({
        cursor: row['cursor'] as number,
        jobId: row['job_id'] as JobId,
        run: row['run'] as number,
        attempt: row['attempt'] as number,
        code: row['code'] as StatusCode,
        owner: row['owner'] as Address,
      })),
    };
  } finally {
    db.close();
  }
}
