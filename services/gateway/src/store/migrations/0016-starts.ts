/** Who may start an attempt of a job, and how often its command went out: known here also when the broker forgets it. */
export const starts = `
alter table jobs add column start_attempt integer not null default 0;
alter table jobs add column start_runner text not null default '';
alter table jobs add column sendings integer not null default 0;
`;
