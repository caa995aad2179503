/** Which of a job's results a list of jobs shows, PURE: a job with thousands of files must not be as large in every list of its owner. */
import type { ResultFile } from '@capstan/shared/contract/job';

/** Most results of one job in a list, and how large they may be together; the status of the job alone shows all. */
const MOST = 50;
const MOST_BYTES = 8_000;

/** The first ones, in their order, and the algorithm's log, which comes after all outputs. The indexes say which they are. */
export function listedOf(results: readonly ResultFile[]): readonly ResultFile[] {
  let bytes = 0;
  const beyond = results.findIndex(({ filename }, position) => {
    bytes += Buffer.byteLength(filename) + OTHERWISE_BYTES;
    return position >= MOST || bytes > MOST_BYTES;
  });
  if (beyond === -1) return results;
  const log = results.findIndex(({ type }) => type === 'algorithmLog');
  return results.filter((_, position) => position < beyond || position === log);
}

const OTHERWISE_BYTES = 80;
