/** What jobs ask of their environment. */
export const resources = `
create table job_resources (
  job integer primary key references jobs (id) on delete cascade,
  -- JSON, as it was asked.
  resources text not null
) strict;
`;
