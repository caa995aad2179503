/** Whom a notification is for, so that one receiver who is silent holds up no other. */
export const notifyPlaces = `
-- A digest of the receiver's host; empty for those of earlier versions.
alter table notifications add column place text not null default '';
alter table notifications add column owner text not null default '';
create index notifications_due on notifications (due_at, id);

drop trigger events_notified;
create trigger events_notified after insert on events when new.n > 0
begin
  insert into notifications (job_id, run, code, at, details, sealed_url, due_at, place, owner)
  select new.job_id, new.run, new.code, new.at, new.details, json_extract(job_specs.spec, '$.output.sealedNotifyUrl'), 0,
    coalesce(json_extract(job_specs.spec, '$.output.notifyPlace'), ''), jobs.owner
  from jobs join job_specs using (id)
  where jobs.job_id = new.job_id
    and json_extract(job_specs.spec, '$.output.sealedNotifyUrl') is not null
    and ((new.code = 10 and new.attempt = 1) or jobs.date_finished is not null);
end;
`;
