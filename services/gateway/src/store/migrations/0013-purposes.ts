/** One signature is for one thing: what texts were signed for, and which nonces took effect. */
export const purposes = `
-- The last nonce that took effect. The other one is at least as great as any that was seen in a status, too; null where they are the same.
alter table nonces add column acted text;

-- Signed texts that can be read as something else, with what they were accepted for, as long as their job's row.
create table used_texts (
  digest blob primary key,
  purpose text not null,
  job integer not null
) strict, without rowid;

create index used_texts_by_job on used_texts (job);

create trigger jobs_texts_removed after delete on jobs
begin
  delete from used_texts where job = old.id;
end;
`;
