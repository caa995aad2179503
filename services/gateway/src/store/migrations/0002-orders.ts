/** Orders on chains: receipts that are final, and which job runs under which order. */
export const orders = `
create table receipts (
  chain_id integer not null,
  tx_id text not null,
  block_number integer not null,
  block_hash text not null,
  is_success integer not null,
  logs text not null,
  primary key (chain_id, tx_id)
) strict, without rowid;

create table job_orders (
  job integer not null references jobs (id) on delete cascade,
  chain_id integer not null,
  -- The transaction that started the order, also where a later one reuses it.
  order_tx text not null,
  datatoken text not null,
  -- The transaction that the client named.
  transfer_tx text not null,
  -- Unix seconds up to which its fee pays.
  valid_until integer not null,
  primary key (job, chain_id, order_tx, datatoken)
) strict, without rowid;

create index job_orders_by_order on job_orders (chain_id, order_tx, datatoken);
`;
