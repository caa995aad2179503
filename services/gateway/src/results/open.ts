/** Reading results: the port. A result is complete bytes whose hash stands in the manifest, or it is not there. */
import type { Readable } from 'node:stream';
import type { JobId } from '@capstan/shared/contract/ids';
import type { ResultFile } from '@capstan/shared/contract/job';
import type { ManifestFile } from '@capstan/shared/results/manifest';
import { CapstanError } from '@capstan/shared/contract/errors';

export interface RunOfJob {
  readonly jobId: JobId;
  readonly run: number;
}

export interface OpenedResult {
  readonly file: ManifestFile;
  /** Unix milliseconds; from then on nobody may read it. */
  readonly expiresAt: number;
  /** Bytes from `start` to `end`, both included; all of them without. Closes the result when it ends or is destroyed. */
  read(range?: { readonly start: number; readonly end: number }): Readable;
  close(): Promise<void>;
}

export interface Results {
  /** Deletes all runs of a job. Harmless if there are none. */
  remove(jobId: JobId, signal?: AbortSignal): Promise<void>;
  /** All results of a run, by its manifest; undefined if there is none. Throws RESULTS_UNAVAILABLE. */
  list(run: RunOfJob): Promise<readonly ResultFile[] | undefined>;
  /** Undefined if the run has no such result. Throws RESULTS_UNAVAILABLE if it should be there and is not whole. */
  open(run: RunOfJob, index: number): Promise<OpenedResult | undefined>;
}

export function notWhole(cause: unknown): CapstanError {
  return new CapstanError(
    'RESULTS_UNAVAILABLE',
    "This result can't be read completely at the moment. Tell the operator of the node if that lasts.",
    {
      cause,
    },
  );
}
