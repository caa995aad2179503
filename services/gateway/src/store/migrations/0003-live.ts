/** Events to be read again: by whom and what they concern, in ranges of cursors that the store knows to have given out. */
export const live = `
-- Whom an event concerns, beside the job: a resumed subscription reads no more than what is its own. An index holds the cursor anyway.
alter table events add column owner text not null default '';
alter table events add column environment text not null default '';
alter table events add column document_id text not null default '';
update events set (owner, environment, document_id) =
  (select owner, environment, document_id from jobs where jobs.job_id = events.job_id)
  where job_id in (select job_id from jobs);
update events set owner = (select owner from tombstones where tombstones.job_id = events.job_id)
  where owner = '' and job_id in (select job_id from tombstones);
create index events_by_owner on events (owner);
create index events_by_environment on events (environment);
create index events_by_document on events (document_id);
create index jobs_by_environment on jobs (environment, accepted);

-- Cursors from base to last were given out; there is no last in the life that goes on.
create table cursor_ranges (
  base integer primary key,
  last integer
) strict;
insert into cursor_ranges values (0, null);

-- One row: the last cursor of the events that are no longer kept.
create table pruned_events (
  id integer primary key check (id = 1),
  cursor integer not null
) strict;
insert into pruned_events values (1, 0);
`;
