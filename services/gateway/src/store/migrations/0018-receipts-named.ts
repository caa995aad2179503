/** Which jobs an order's transaction was named for: a receipt is kept as long as there is one. */
export const receiptsNamed = `
create index job_orders_by_transfer on job_orders (chain_id, transfer_tx);
`;
