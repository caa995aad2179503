/** From which network the job of a notification came, so that no network takes all places of receivers, or makes all rounds long. */
const MOST_OF_A_NETWORK = 4_000;

export const notifyNetworks = `
-- Empty for those of earlier versions.
alter table notifications add column network text not null default '';
create index notifications_by_network on notifications (network);

drop trigger events_notified;
create trigger events_notified after insert on events when new.n > 0
begin
  insert into notifications (job_id, run, code, at, details, sealed_url, due_at, place, owner, network)
  select new.job_id, new.run, new.code, new.at, new.details, json_extract(job_specs.spec, '$.output.sealedNotifyUrl'), 0,
    coalesce(json_extract(job_specs.spec, '$.output.notifyPlace'), ''), jobs.owner, jobs.network
  from jobs join job_specs using (id)
  where jobs.job_id = new.job_id
    and json_extract(job_specs.spec, '$.output.sealedNotifyUrl') is not null
    and ((new.code = 10 and new.attempt = 1) or jobs.date_finished is not null)
    -- Each that waits is passed over in each round: of a network that is so far behind, no more are kept.
    and (select count(*) from (select 1 from notifications where network = jobs.network limit ${MOST_OF_A_NETWORK})) < ${MOST_OF_A_NETWORK};
end;
`;
