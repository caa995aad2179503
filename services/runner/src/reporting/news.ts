/** What was said of a job already: what comes again every few seconds is no news. */
import type { JobId } from '@capstan/shared/contract/ids';

/** Of jobs that ended elsewhere nothing is heard again: said twice is better than a list that grows. */
const MAX_KEPT = 1_000;

export interface News {
  /** Whether this word is another one than the last of this job. */
  isNew(jobId: JobId, word: string): boolean;
}

export function createNews(): News {
  const said = new Map<JobId, string>();
  return {
    isNew(jobId, word) {
      if (said.get(jobId) === word) return false;
      if (said.size >= MAX_KEPT) said.clear();
      said.set(jobId, word);
      return true;
    },
  };
}
