/** Whose tokens were taken back: a bound for each owner, and rows that go when their tokens would have ended anyway. */
export const revokedOwners = `
-- Empty for those of earlier versions.
alter table revoked_tokens add column owner text not null default '';
create index revoked_tokens_by_owner on revoked_tokens (owner, expires_at);
create index revoked_tokens_by_end on revoked_tokens (expires_at);

-- In place of many rows: all tokens of an owner that end by then (Unix seconds) were taken back.
create table revoked_until (
  owner text primary key,
  expires_at integer not null
) strict, without rowid;

create index revoked_until_by_end on revoked_until (expires_at);
`;
