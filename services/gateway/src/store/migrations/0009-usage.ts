/** Who takes how much of the node: counted with every change, for a quota must not cost a look at all that it counts. */
const isWaiting = (row: 'old' | 'new') => `(${row}.date_finished is null and ${row}.dispatched_at is null)`;
const classOf = (row: 'old' | 'new') => `case ${row}.is_paid when 1 then 'paid' else 'free' end`;

/** Adds what a row stands for to each of its three accounts. */
const add = (row: 'old' | 'new', [jobs, bytes, kept]: readonly [string, string, string]) => `
  insert into usage (kind, name, jobs, bytes, kept_bytes) values
    ('owner', ${row}.owner, ${jobs}, ${bytes}, ${kept}),
    ('network', ${row}.network, ${jobs}, ${bytes}, ${kept}),
    ('class', ${classOf(row)}, ${jobs}, ${bytes}, ${kept})
  on conflict (kind, name) do update set
    jobs = jobs + excluded.jobs, bytes = bytes + excluded.bytes, kept_bytes = kept_bytes + excluded.kept_bytes;`;

const takeOff = (row: 'old', [jobs, bytes, kept]: readonly [string, string, string]) => `
  update usage set jobs = jobs - ${jobs}, bytes = bytes - ${bytes}, kept_bytes = kept_bytes - ${kept}
    where (kind = 'owner' and name = ${row}.owner) or (kind = 'network' and name = ${row}.network)
      or (kind = 'class' and name = ${classOf(row)});
  delete from usage where jobs = 0 and bytes = 0 and kept_bytes = 0
    and ((kind = 'owner' and name = ${row}.owner) or (kind = 'network' and name = ${row}.network));`;

const waiting = (row: 'old' | 'new') => [isWaiting(row), `${isWaiting(row)} * ${row}.spec_bytes`, '0'] as const;
const kept = (row: 'old' | 'new') => ['0', '0', `${row}.bytes`] as const;

export const usage = `
-- The network that the request came from; empty for jobs of earlier versions.
alter table jobs add column network text not null default '';
alter table jobs add column is_paid integer not null default 0;
alter table jobs add column spec_bytes integer not null default 0;
update jobs set spec_bytes = (select octet_length(spec) from job_specs where job_specs.id = jobs.id)
  where date_finished is null and dispatched_at is null;

-- Results of runs, also of earlier runs of a job, as long as they are kept.
create table kept_results (
  job_id text not null,
  run integer not null,
  bytes integer not null,
  expires_at integer,
  owner text not null,
  network text not null,
  is_paid integer not null,
  primary key (job_id, run)
) strict, without rowid;
create index kept_results_expiring on kept_results (expires_at) where expires_at is not null;

create table usage (
  kind text not null,
  name text not null,
  -- Jobs that wait for their turn, and how large what is stored for them is.
  jobs integer not null,
  bytes integer not null,
  -- Of results.
  kept_bytes integer not null,
  primary key (kind, name)
) strict, without rowid;
create index usage_by_kept on usage (kind, kept_bytes) where kept_bytes > 0;

create trigger kept_results_counted after insert on kept_results begin ${add('new', kept('new'))} end;
create trigger kept_results_dropped after delete on kept_results begin ${takeOff('old', kept('old'))} end;

insert into kept_results (job_id, run, bytes, expires_at, owner, network, is_paid)
  select job_id, run, (select coalesce(sum(cast(value ->> 'filesize' as integer)), 0) from json_each(results)), expires_at, owner, network, is_paid
  from jobs where results <> '[]';
insert into usage (kind, name, jobs, bytes, kept_bytes)
  select 'owner', owner, count(*), sum(spec_bytes), 0 from jobs where date_finished is null and dispatched_at is null group by owner
  union all
  select 'class', 'free', count(*), coalesce(sum(spec_bytes), 0), 0 from jobs where date_finished is null and dispatched_at is null having count(*) > 0
  union all
  select 'network', '', count(*), coalesce(sum(spec_bytes), 0), 0 from jobs where date_finished is null and dispatched_at is null having count(*) > 0
  on conflict (kind, name) do update set jobs = excluded.jobs, bytes = excluded.bytes;

create trigger jobs_counted after insert on jobs begin ${add('new', waiting('new'))} end;
create trigger jobs_recounted after update of date_finished, dispatched_at, network, is_paid, spec_bytes on jobs
  when ${isWaiting('old')} <> ${isWaiting('new')}
begin ${takeOff('old', waiting('old'))} ${add('new', waiting('new'))} end;
create trigger jobs_discounted after delete on jobs
begin
  ${takeOff('old', waiting('old'))}
  delete from kept_results where job_id = old.job_id;
end;
`;
