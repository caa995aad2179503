/** What two parts of a filter name together, and what happened to a job in its order: found without a look at all that one part names. */
export const looks = `
create index jobs_by_owner_and_document on jobs (owner, document_id, accepted);
create index events_by_owner_and_document on events (owner, document_id);
create index events_by_job on events (job_id);
`;
