/**
 * When a job's revision rises: with each update of what clients see of it, be the value the same as before. Answers that were made of one
 * revision are given again as long as the job has it. These columns are seen; a statement that sets one of them sets the revision, too.
 */
export const SEEN_COLUMNS = [
  'run',
  'attempt',
  'code',
  'environment',
  'algo_did',
  'input_dids',
  'date_finished',
  'stopreq',
  'removed',
  'expires_at',
  'termination',
  'results',
] as const;

/** Among what such an update sets. */
export const NEXT_REVISION = 'revision = revision + 1';
