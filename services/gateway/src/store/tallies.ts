/** The table of tallies: how many jobs wait, run and have ended, known without a look at them. */
import type { Db } from './db.ts';
import { isListFilter, type JobFilter } from './statuses.ts';

export interface Tally {
  readonly waiting: number;
  readonly running: number;
  readonly ended: number;
}

export type Tallies = ReturnType<typeof createTallies>;

const SUMS = 'select coalesce(sum(waiting), 0), coalesce(sum(running), 0), coalesce(sum(ended), 0) from tallies';

export function createTallies(db: Db) {
  const ofOwner = db.prepare(`${SUMS} where owner = ?`);
  const ofBoth = db.prepare(`${SUMS} where owner = ? and environment = ?`);

  return {
    /** Of one owner or all, in one environment or all. Undefined for jobs that are selected otherwise: those would have to be counted. */
    of(filter: JobFilter): Tally | undefined {
      const { owner = '', environment, documentId, agreementId } = filter;
      if (!isListFilter(filter) || documentId !== undefined || agreementId !== undefined) return undefined;
      const values = environment === undefined ? ofOwner.values(owner) : ofBoth.values(owner, environment);
      const [waiting = 0, running = 0, ended = 0] = (values ?? []) as readonly number[];
      return { waiting, running, ended };
    },
  };
}
