/** What comes after the end of a job: results that expire, and owners who want to be told. */
export const results = `
-- Jobs whose results are still listed, by when that ends.
create index jobs_expiring on jobs (expires_at) where results <> '[]' and expires_at is not null;

-- Told to nobody yet, or not with success.
create table notifications (
  id integer primary key autoincrement,
  job_id text not null,
  run integer not null,
  code integer not null,
  at integer not null,
  details text not null,
  -- Where to, encrypted to the node's key.
  sealed_url text not null,
  tries integer not null default 0,
  -- Not before this time.
  due_at integer not null
) strict;

create index notifications_by_job on notifications (job_id, id);

-- With the event itself, in its transaction, whoever appends it: the beginning of a run, and its end.
create trigger events_notified after insert on events when new.n > 0
begin
  insert into notifications (job_id, run, code, at, details, sealed_url, due_at)
  select new.job_id, new.run, new.code, new.at, new.details, json_extract(job_specs.spec, '$.output.sealedNotifyUrl'), 0
  from jobs join job_specs using (id)
  where jobs.job_id = new.job_id
    and json_extract(job_specs.spec, '$.output.sealedNotifyUrl') is not null
    and ((new.code = 10 and new.attempt = 1) or jobs.date_finished is not null);
end;
`;
