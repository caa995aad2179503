/** When each network was last given a place for a job that nobody paid for, counted by environment. */
export const networkTurns = `
create table network_turns (
  environment text not null,
  network text not null,
  -- Higher is later, and at least what the last job had that was accepted by then: so whoever came since goes first, and nobody who comes later.
  served integer not null,
  primary key (environment, network)
) strict, without rowid;
create index network_turns_in_order on network_turns (environment, served);

create trigger jobs_network_served after update of dispatched_at on jobs
  when old.dispatched_at is null and new.dispatched_at is not null and new.is_paid = 0 and new.network <> ''
begin
  insert into network_turns (environment, network, served)
  values (new.environment, new.network, max(
    coalesce((select max(served) from network_turns where environment = new.environment), 0) + 1,
    (select max(accepted) from jobs)))
  on conflict (environment, network) do update set served = excluded.served;
  -- What lies before all that wait decides nothing any more.
  delete from network_turns where environment = new.environment and served < coalesce(
    (select min(accepted) from jobs where environment = new.environment and date_finished is null and dispatched_at is null),
    (select max(accepted) from jobs));
end;
`;
