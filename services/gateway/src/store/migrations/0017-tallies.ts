/** How many jobs wait, run and have ended: of each owner in each environment, and of all owners. Counted with every change. */
const states = (row: 'old' | 'new', by: 1 | -1) => [
  `${by} * (${row}.date_finished is null and ${row}.dispatched_at is null)`,
  `${by} * (${row}.date_finished is null and ${row}.dispatched_at is not null)`,
  `${by} * (${row}.date_finished is not null)`,
];

const count = (row: 'old' | 'new', by: 1 | -1) => `
  insert into tallies (environment, owner, waiting, running, ended) values
    (${row}.environment, '', ${states(row, by).join(', ')}),
    (${row}.environment, ${row}.owner, ${states(row, by).join(', ')})
  on conflict (owner, environment) do update set
    waiting = waiting + excluded.waiting, running = running + excluded.running, ended = ended + excluded.ended;`;

export const tallies = `
-- Of all owners where it is empty.
create table tallies (
  owner text not null,
  environment text not null,
  waiting integer not null,
  running integer not null,
  ended integer not null,
  primary key (owner, environment)
) strict, without rowid;

insert into tallies (owner, environment, waiting, running, ended)
  select owner, environment, sum(date_finished is null and dispatched_at is null), sum(date_finished is null and dispatched_at is not null),
    sum(date_finished is not null) from jobs group by owner, environment;
insert into tallies (owner, environment, waiting, running, ended)
  select '', environment, sum(waiting), sum(running), sum(ended) from tallies group by environment;

create trigger jobs_tallied_added after insert on jobs begin ${count('new', 1)} end;
create trigger jobs_tallied_moved after update of environment, date_finished, dispatched_at on jobs
  when old.environment <> new.environment or (old.date_finished is null) <> (new.date_finished is null)
    or (old.dispatched_at is null) <> (new.dispatched_at is null)
begin ${count('old', -1)} ${count('new', 1)} end;
create trigger jobs_tallied_removed after delete on jobs begin ${count('old', -1)}
  delete from tallies where environment = old.environment and owner in ('', old.owner) and waiting = 0 and running = 0 and ended = 0;
end;
`;
