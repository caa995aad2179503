/** Says once of each run that it stays as it is: nobody knows whose it is. */
import type { Log } from '@capstan/shared/runtime/log';
import type { Run } from '../results/results.ts';

export function createLeftAlone(log: Pick<Log, 'warn'>): (run: Run) => void {
  const soFar = new Set<string>();
  return ({ jobId, run }) => {
    if (soFar.has(`${jobId}-${run}`)) return;
    soFar.add(`${jobId}-${run}`);
    log.warn(
      { jobId, run },
      'left alone what carries an id of this runner but no node: nothing in the data folder says whose it is; if no other node runs here, remove it by hand (docker ps --all --filter label=capstan.job=…)',
    );
  };
}
