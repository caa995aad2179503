/**
 * Statuses as the texts that are sent. Clients ask for the same job again and again: its row is read each time, and as long as it has
 * not changed, the text that was made of it once is sent again.
 */
import { hash } from 'node:crypto';
import type { StatusObject } from '@capstan/shared/contract/api';
import { fits, type JobFilter, type StatusRow } from '../store/statuses.ts';
import type { Store } from '../store/store.ts';
import type { StatusView } from './status-object.ts';

export interface StatusText {
  /** JSON: a list of status objects. */
  readonly text: string;
  readonly etag: string;
}

interface Kept extends StatusText {
  readonly revision: number;
  readonly row: StatusRow;
}

/** Most texts in memory, some 2 KB each. */
const MOST_KEPT = 10_000;

interface StatusTextsOptions {
  readonly store: Store;
  readonly show: (job: StatusRow, dates: StatusView['dates']) => StatusObject;
  /** Most jobs of one answer. */
  readonly maxJobs: number;
}

export type StatusTexts = (filter: JobFilter, dates: StatusView['dates']) => StatusText;

export function createStatusTexts({ store, show, maxJobs }: StatusTextsOptions): StatusTexts {
  const kept = new Map<string, Kept>();

  const make = (rows: readonly StatusRow[], dates: StatusView['dates']): StatusText => {
    const text = JSON.stringify(rows.map((row) => show(row, dates)));
    return { text, etag: hash('sha1', text, 'base64url') };
  };

  const ofOne = (jobId: string, filter: JobFilter): StatusText => {
    const version = store.statuses.version(jobId);
    const known = kept.get(jobId);
    if (known && known.revision === version?.revision) return fits(known.row, filter) ? known : make([], 'unix');
    const rows = store.statuses.select(filter, maxJobs);
    const made = make(rows, 'unix');
    const [row] = rows;
    // Why a job waits changes with others, and without a change of its own.
    if (!version || !row || version.code === 1) return made;
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(jobId, { ...made, row, revision: version.revision });
    return made;
  };

  return (filter, dates) =>
    filter.jobId !== undefined && dates === 'unix'
      ? ofOne(filter.jobId, filter)
      : make(store.statuses.select(filter, maxJobs), dates);
}
