/**
 * Statuses as the texts that are sent. Clients ask for the same job again and again: its row is read each time, and as long as it has
 * not changed, the text that was made of it once is sent again.
 */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { StatusObject } from '@capstan/shared/contract/api';
import { fits, type JobFilter } from '../store/statuses.ts';
import type { StatusRow } from '../store/status-row.ts';
import type { Store } from '../store/store.ts';
import { isOfCopy } from '../controller/left-elsewhere.ts';
import type { StatusView } from './status-object.ts';
import type { StillTrue, WhatIsTrue } from './still-true.ts';

export interface StatusText {
  /** JSON: a list of status objects. */
  readonly text: string;
  readonly etag: string;
  /** Undefined of what is not worth keeping. */
  readonly isStillTrue?: StillTrue;
}

interface Kept extends StatusText {
  readonly revision: number;
  /** Of the job, whichever run is shown. */
  readonly row: StatusRow;
}

/** One job, as somebody wants it shown. */
interface Shown {
  readonly jobId: string;
  readonly filter: JobFilter;
  readonly dates: StatusView['dates'];
  readonly run: number | undefined;
}

/** Most texts in memory, some 2 KB each, and how long they are together: a job may have a thousand results with long names. */
const MOST_KEPT = 10_000;
const MOST_CHARS_KEPT = 20_000_000;

interface StatusTextsOptions {
  readonly store: Store;
  readonly show: (job: StatusRow, dates: StatusView['dates']) => StatusObject;
  readonly whatIsTrue: WhatIsTrue;
  /** Most jobs of one answer. */
  readonly maxJobs: number;
}

/** `run`: an earlier one of the job that is named, as it ended; none if nothing is kept of it. */
export type StatusTexts = (filter: JobFilter, dates: StatusView['dates'], run?: number) => StatusText;

export function createStatusTexts({ store, show, whatIsTrue, maxJobs }: StatusTextsOptions): StatusTexts {
  const kept = new LRUCache<string, Kept>({
    max: MOST_KEPT,
    maxSize: MOST_CHARS_KEPT,
    sizeCalculation: ({ text }) => text.length,
  });

  const make = (rows: readonly StatusRow[], dates: StatusView['dates']): StatusText => {
    const text = JSON.stringify(rows.map((row) => show(row, dates)));
    return { text, etag: hash('sha1', text, 'base64url') };
  };

  const ofRun = (job: StatusRow, run: number): readonly StatusRow[] => {
    if (run === job.run) return [job];
    const past = store.pastRuns.find(job.jobId, run);
    return past ? [{ ...job, ...past, isPast: true }] : [];
  };

  const ofOne = ({ jobId, filter, dates, run }: Shown): StatusText => {
    const version = store.statuses.version(jobId);
    const key = JSON.stringify([jobId, dates, run]);
    const known = kept.get(key);
    if (known && known.revision === version?.revision) return fits(known.row, filter) ? known : make([], dates);
    const isStillTrue = whatIsTrue.now();
    const [row] = store.statuses.select(filter, 1);
    const made = make(row ? (run === undefined ? [row] : ofRun(row, run)) : [], dates);
    // Why a job waits changes with others, and without a change of its own.
    if (!version || !row) return made;
    if (version.code === 1 || isOfCopy(store, row)) return { ...made, isStillTrue };
    const { revision } = version;
    const text = { ...made, row, revision, isStillTrue: whatIsTrue.ofJob(row.jobId, revision) };
    kept.set(key, text);
    return text;
  };

  return (filter, dates, run) => {
    const { jobId } = filter;
    if (jobId !== undefined) return ofOne({ jobId, filter, dates, run });
    const isStillTrue = whatIsTrue.now();
    return { ...make(store.statuses.select(filter, maxJobs), dates), isStillTrue };
  };
}
