/** Whose turn it is: when each owner was last given a place, counted by environment. */
export const turns = `
create table turns (
  environment text not null,
  owner text not null,
  -- Higher is later.
  served integer not null,
  primary key (environment, owner)
) strict, without rowid;
create index turns_in_order on turns (environment, served);

create trigger jobs_served after update of dispatched_at on jobs
  when old.dispatched_at is null and new.dispatched_at is not null
begin
  insert into turns (environment, owner, served)
  values (new.environment, new.owner, (select coalesce(max(served), 0) + 1 from turns where environment = new.environment))
  on conflict (environment, owner) do update set served = excluded.served;
end;
`;
