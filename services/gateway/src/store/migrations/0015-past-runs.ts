/** How the runs of a job ended that came before its last one: what they left is still to be had. */
export const pastRuns = `
create table past_runs (
  job_id text not null,
  run integer not null,
  environment text not null,
  algo_did text not null,
  input_dids text not null,
  code integer not null,
  date_finished integer not null,
  stopreq integer not null,
  expires_at integer,
  termination text,
  results text not null,
  results_did text not null,
  primary key (job_id, run)
) strict, without rowid;

create index past_runs_expiring on past_runs (expires_at) where expires_at is not null;

-- Of runs that were over before this version, as far as their last events are kept.
insert or ignore into past_runs
  select events.job_id, events.run, events.environment, algo_did, input_dids, events.code, events.at, 0,
    details ->> 'expiresAt', details -> 'termination', coalesce(details -> 'results', '[]'), coalesce(details ->> 'resultsDid', '')
  from events join jobs on jobs.job_id = events.job_id
  where events.run < jobs.run and events.code in (70, 7, 11, 21, 22, 31, 32, 41, 42, 43, 51, 61, 62);
`;
