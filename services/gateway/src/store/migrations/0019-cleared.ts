/** Which ended runs may still have something in an engine. Those that ended before this version were cleared away, and nobody said so. */
export const cleared = `
update jobs set removed = 1 where date_finished is not null and removed = 0;
create index jobs_uncleared on jobs (id) where date_finished is not null and removed = 0;
`;
