/** Results that are assets of the catalogue. */
export const resultsDid = `
alter table jobs add column results_did text not null default '';
`;
