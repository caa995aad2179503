/**
 * What is stored of an order counts on after its job has ended, among the kept results, as a run 0: for as long as the results are kept, or a
 * week where there are none. Then it is forgotten. Orders of jobs that ended earlier count from now on, and go the same way.
 */
const WEEK_MS = 604_800_000;
/** The rows of a job, and what happened to it. */
const BYTES_OF_A_JOB = 4_096;

const rowOf = (job: string) => `${job}.job_id, 0, ${job}.spec_bytes + ${BYTES_OF_A_JOB},
    coalesce(${job}.expires_at, ${job}.date_finished + ${WEEK_MS}), ${job}.owner, ${job}.network, ${job}.is_paid`;
const COLUMNS = 'job_id, run, bytes, expires_at, owner, network, is_paid';

export const keptOrders = `
create trigger jobs_order_kept after update of date_finished on jobs
  when old.date_finished is null and new.date_finished is not null
begin
  insert or ignore into kept_results (${COLUMNS}) values (${rowOf('new')});
end;
create trigger jobs_order_again after update of date_finished on jobs
  when old.date_finished is not null and new.date_finished is null
begin
  delete from kept_results where job_id = new.job_id and run = 0;
end;
insert or ignore into kept_results (${COLUMNS}) select ${rowOf('jobs')} from jobs where date_finished is not null;
`;
