/** The job_resources table: what jobs ask of their environment; no row for those that ask for nothing. */
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { Resources } from '@capstan/shared/contract/job';
import type { Db, Row } from './db.ts';

export type JobResources = ReturnType<typeof createJobResources>;

export function createJobResources(db: Db) {
  const remove = db.prepare('delete from job_resources where job = (select id from jobs where job_id = ?)');
  const insert = db.prepare('insert into job_resources (job, resources) select id, ?2 from jobs where job_id = ?1');
  const select = db.prepare('select resources from job_resources join jobs on jobs.id = job where job_id = ?');
  const ofSent = db.prepare(`
    select resources from jobs left join job_resources on job = jobs.id
    where environment = ? and date_finished is null and dispatched_at is not null`);

  return {
    /** In place of what its earlier run asked for. */
    set(jobId: JobId, resources: Resources | undefined): void {
      remove.run(jobId);
      if (resources) insert.run(jobId, JSON.stringify(resources));
    },
    of: (jobId: JobId): Resources | undefined => asked(select.get(jobId)),
    /** One entry for each job that was sent to the runners and has not ended. */
    ofSent: (environment: EnvironmentId): readonly (Resources | undefined)[] => ofSent.all(environment).map(asked),
  };
}

function asked(row: Row | undefined): Resources | undefined {
  const text = row?.['resources'] as string | null | undefined;
  return typeof text === 'string' ? (JSON.parse(text) as Resources) : undefined;
}
