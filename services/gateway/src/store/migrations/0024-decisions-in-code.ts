/**
 * What triggers decided is decided in the code from here on, in the same transactions: turns (`scheduling/turns`), who hears of an event
 * (`notify/note-event`), what is kept of an order (`quotas/kept-orders`), and when clients see another revision (`store/revision`).
 * The triggers that stay only keep sums in step with their rows, or remove rows with the job that they belong to.
 */
export const decisionsInCode = `
drop trigger jobs_revised;
drop trigger jobs_served;
drop trigger jobs_network_served;
drop trigger events_notified;
drop trigger jobs_order_kept;
drop trigger jobs_order_again;
`;
