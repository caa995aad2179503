/** The first schema. Times are Unix milliseconds. */
export const initial = `
create table jobs (
  -- Rows lie in the order in which they came: a table in the order of random ids would write all over itself.
  id integer primary key,
  job_id text not null unique,
  -- The order of acceptance: who came first is served first.
  accepted integer not null unique,
  run integer not null,
  attempt integer not null,
  code integer not null,
  owner text not null,
  -- The owner's address with its checksum, as clients see it: too slow to work out each time.
  owner_shown text not null,
  environment text not null,
  document_id text not null,
  agreement_id text not null,
  algo_did text not null,
  -- What the owner signed: a POST that comes again, because its reply was lost, is known by it.
  nonce text not null,
  body_hash text not null,
  input_dids text not null,
  date_created integer not null,
  date_finished integer,
  -- When the job was given to the bus; null while it waits in the queue.
  dispatched_at integer,
  sent_at integer,
  stopreq integer not null default 0,
  -- What its owner wants of it: run, stopped or deleted. Told to the runners until the job has ended.
  want text not null default 'run',
  removed integer not null default 0,
  expires_at integer,
  termination text,
  results text not null default '[]',
  -- Counts the changes of what clients see, by the trigger below.
  revision integer not null default 1
) strict;

create trigger jobs_revised after update of
  run, attempt, code, environment, algo_did, input_dids, date_finished, stopreq, removed, expires_at, termination, results on jobs
begin
  update jobs set revision = revision + 1 where id = new.id;
end;

create index jobs_by_owner on jobs (owner, accepted);
create index jobs_by_nonce on jobs (owner, nonce);
create index jobs_by_document on jobs (document_id, accepted);
create index jobs_by_agreement on jobs (agreement_id, accepted);
create index jobs_waiting on jobs (environment, owner, accepted) where date_finished is null and dispatched_at is null;
create index jobs_unwanted on jobs (want) where want = 'deleted' or (want = 'stopped' and date_finished is null);
-- With all that its condition names, so that counting in it looks at nothing else.
create index jobs_queue on jobs (environment, accepted, date_finished, dispatched_at)
  where date_finished is null and dispatched_at is null;
create index jobs_running on jobs (environment, owner) where date_finished is null and dispatched_at is not null;

-- What a runner needs; large, and read only to dispatch.
create table job_specs (
  id integer primary key references jobs (id) on delete cascade,
  spec text not null
) strict;

create table events (
  cursor integer primary key autoincrement,
  job_id text not null,
  run integer not null,
  attempt integer not null,
  n integer not null,
  code integer not null,
  at integer not null,
  details text not null,
  unique (job_id, run, attempt, n)
) strict;

-- What is left of a deleted job: its id, so that nothing late brings it back.
create table tombstones (
  job_id text primary key,
  run integer not null,
  owner text not null,
  deleted_at integer not null
) strict, without rowid;

-- Tokens taken back before they expire (Unix seconds).
create table revoked_tokens (
  jti text primary key,
  expires_at integer not null
) strict, without rowid;

-- The last nonce of each address.
create table nonces (
  address text primary key,
  nonce text not null
) strict, without rowid;

create table environments (
  environment text primary key,
  definition text not null,
  last_seen integer not null
) strict, without rowid;

-- One row, written to see whether a commit reaches the disk.
create table probe (
  id integer primary key check (id = 1),
  at integer not null
) strict;

create table dead_letters (
  id integer primary key autoincrement,
  at integer not null,
  subject text not null,
  problem text not null,
  message text not null
) strict;
`;
