/** What was seen of a node over a while, PURE: by its clients, in its store, on its engines and in its results. */
import type { Address, EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { ResultFile } from '@capstan/shared/contract/job';
import type { Manifest } from '@capstan/shared/results/manifest';
import type { StatusCode } from '@capstan/shared/contract/status';

/** A run of a job that a client was told of with 200. */
export interface Acknowledged {
  readonly jobId: JobId;
  readonly run: number;
  /** What else its owner ever asked for, answered or not. */
  readonly isStopAsked: boolean;
  readonly isDeleteAsked: boolean;
}

export interface ObservedJob {
  readonly jobId: JobId;
  readonly run: number;
  readonly code: StatusCode;
  readonly want: 'run' | 'stopped' | 'deleted';
  readonly results: readonly ResultFile[];
}

export interface ObservedEvent {
  readonly cursor: number;
  readonly jobId: JobId;
  readonly run: number;
  readonly attempt: number;
  readonly code: StatusCode;
  readonly owner: Address;
}

/** A start of an algorithm's container, as the engine saw it. */
export interface ObservedStart {
  readonly jobId: JobId;
  readonly run: number;
  readonly attempt: number;
  /** Another one after it was made anew. */
  readonly machine: string;
}

export interface ObservedExit extends ObservedStart {
  readonly exitCode: number;
}

export interface ObservedStartOfJob extends ObservedStart {
  /** Its job was deleted by then, and what was known of its runs with it: a command that NATS brings back may start it once more. */
  readonly isOfDeleted: boolean;
}

/** What one subscriber was told in one session. */
export interface Subscription {
  readonly owner: Address;
  /** The cursor that its snapshot stood at. */
  readonly from: number;
  /** The status of each job in the snapshot. */
  readonly snapshot: ReadonlyMap<JobId, StatusCode>;
  /** Of each event, in the order in which they came. */
  readonly cursors: readonly number[];
  /** It was open to the end: nothing was still on its way. */
  readonly isOpen: boolean;
}

export interface PublishedRun {
  readonly jobId: JobId;
  readonly run: number;
  readonly manifest: Manifest;
  /** SHA-256 of what is served for each file of the manifest; undefined if nothing is. */
  readonly served: readonly (string | undefined)[];
}

export interface Observed {
  readonly acknowledged: readonly Acknowledged[];
  readonly jobs: readonly ObservedJob[];
  /** Jobs that were deleted, of which only their id is kept. */
  readonly tombstones: readonly JobId[];
  /** All that were ever committed, in stored order. */
  readonly events: readonly ObservedEvent[];
  readonly starts: readonly ObservedStartOfJob[];
  /** Machines that were made anew: of what was started there, nobody may know. */
  readonly goneMachines: readonly string[];
  /** Attempts whose container the engine lost. */
  readonly lost: readonly ObservedStart[];
  /** Those that ran while the engine fell, where that is known. */
  readonly spoilt?: readonly ObservedStart[];
  /** How containers of attempts exited, each time, where that is known. */
  readonly exits?: readonly ObservedExit[];
  /** Several runners share an environment: what one of them was at, or about to be at, when it fell silent, another begins as the next attempt. */
  readonly isShared: boolean;
  /** Attempts that were begun while the one before them ran on, under a runner that lived and could have ended it, or that still could renew its lease. */
  readonly overlaps: readonly string[];
  readonly subscriptions: readonly Subscription[];
  /** Containers, volumes and networks of jobs that are there at the end. */
  readonly leftovers: readonly string[];
  /** The most jobs of an environment that ran at once on one machine, and the most that may. */
  readonly peaks: readonly { readonly environment: EnvironmentId; readonly running: number; readonly limit: number }[];
  readonly published: readonly PublishedRun[];
  /** Everything that took effect under a nonce; the same effect may be told any number of times. */
  readonly effects: readonly { readonly owner: Address; readonly nonce: string; readonly effect: string }[];
}

/** Of the eight rules in docs/architecture.md. */
export interface Violation {
  readonly rule: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  readonly text: string;
}
