/** Who wanted the end of a job, where it was not its owner. */
export const stoppedBy = `
alter table jobs add column stopped_by text;
`;
