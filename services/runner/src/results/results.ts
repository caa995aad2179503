/** Where results go, as the pipeline sees it: a folder, or another store. Everything may throw RESULTS_UNWRITABLE. */
import type { Readable } from 'node:stream';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Manifest, ManifestFile } from '@capstan/shared/results/manifest';

export interface Run {
  readonly jobId: JobId;
  readonly run: number;
}

export type NewFile = Pick<ManifestFile, 'filename' | 'type'>;

/** Results that nobody can see yet. */
export interface Draft {
  /** Resolves once the file is safe. */
  add(file: NewFile, body: AsyncIterable<Buffer>): Promise<void>;
  /** A file for the operator's eyes: it stays on this machine, beside the manifest, and is served to nobody. */
  addPrivate(name: string, body: AsyncIterable<Buffer>): Promise<void>;
  /** All of it appears at once. */
  publish(outcome: Omit<Manifest, 'files'>): Promise<Manifest>;
}

export interface StoredResult {
  readonly sizeBytes: number;
  readonly body: Readable;
}

export interface Results {
  /** Undefined as long as the run has not published any. */
  read(run: Run): Promise<Manifest | undefined>;
  /** Throws away what an earlier try left. */
  begin(run: Run, signal: AbortSignal): Promise<Draft>;
  /** Removes the results of all runs of a job. */
  remove(jobId: JobId, signal: AbortSignal): Promise<void>;
  /** A result file of a run. Throws FETCH_FAILED where there is none, FETCH_INTERRUPTED where it can't be read now. */
  open(run: Run, index: number, signal: AbortSignal): Promise<StoredResult>;
  /** Removes what this runner remembers of a deleted job; its results are gone by then. */
  forgetJob(jobId: JobId): Promise<void>;
  /** The runs that are remembered. */
  list(): AsyncIterable<Run>;
  /** Removes everything of a run but the memory of how it ended. */
  drop(manifest: Manifest, how: { readonly droppedAt: number; readonly signal: AbortSignal }): Promise<void>;
  /** Removes that memory, too. */
  forget(run: Run): Promise<void>;
  /** How many more chances a publication gets that failed. */
  readonly retries: number;
  readonly maxRetryDelayMs: number;
}
