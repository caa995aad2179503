/** What is written down while a node is watched: one JSON object a line, in a file for each of those who watch. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address, EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { StatusCode } from '@capstan/shared/contract/status';
import { systemCode } from '@capstan/shared/contract/errors';

interface Attempt {
  readonly jobId: JobId;
  readonly run: number;
  readonly attempt: number;
}

/** By those who use the node. */
export type ClientEntry =
  /** Written before it is sent: it may take effect without an answer. */
  | { readonly type: 'asked'; readonly what: 'stop' | 'delete'; readonly jobId: JobId }
  | { readonly type: 'acknowledged'; readonly jobId: JobId; readonly run: number }
  | { readonly type: 'effect'; readonly owner: Address; readonly nonce: string; readonly effect: string }
  /** `session` is one subscription of the client library, over however many connections. */
  | {
      readonly type: 'snapshot';
      readonly session: string;
      readonly owner: Address;
      readonly cursor: number;
      readonly jobs: readonly (readonly [JobId, StatusCode])[];
    }
  | (Attempt & {
      readonly type: 'event';
      readonly session: string;
      readonly owner: Address;
      readonly cursor: number;
      readonly code: StatusCode;
      /** When it was heard; Unix milliseconds. */
      readonly atMs: number;
    })
  | { readonly type: 'reset'; readonly session: string }
  /** At the very end: nothing is on its way any more. */
  | { readonly type: 'listening'; readonly session: string }
  | {
      readonly type: 'downloaded';
      readonly jobId: JobId;
      readonly run: number;
      readonly index: number;
      readonly sha256: string;
    }
  /** What the node must never do, as whoever saw it puts it. */
  | { readonly type: 'breach'; readonly text: string };

/** By who listens to the engine. */
export type EngineEntry =
  /** The engine was found like this: what ran before may have ended unseen. */
  | { readonly type: 'engine up'; readonly running: readonly string[] }
  | (Attempt & {
      readonly type: 'started' | 'ended';
      readonly container: string;
      readonly environment: EnvironmentId;
      /** By the engine; Unix milliseconds. */
      readonly atMs: number;
    })
  /** Taken away on purpose. */
  | (Attempt & { readonly type: 'lost' })
  | { readonly type: 'environment'; readonly environment: EnvironmentId; readonly maxJobs: number }
  /** At the very end. */
  | { readonly type: 'left'; readonly names: readonly string[] };

/** By who breaks things. */
export interface FaultEntry {
  readonly type: 'fault';
  /** As the list of faults numbers them. */
  readonly id: string;
  readonly name: string;
  readonly at: string;
  readonly tookMs: number;
  /** How long a killed process took until it worked again. */
  readonly comebacksMs: readonly number[];
}

export interface Entries {
  readonly clients: ClientEntry;
  readonly engine: EngineEntry;
  readonly faults: FaultEntry;
}

export interface Traces {
  write<Name extends keyof Entries>(name: Name, entry: Entries[Name]): void;
}

const fileOf = (dir: string, name: string) => join(dir, `${name}.ndjson`);

export function writeTraces(dir: string): Traces {
  mkdirSync(dir, { recursive: true });
  return {
    // At once: what was acknowledged is written down before anything else happens.
    write: (name, entry) => appendFileSync(fileOf(dir, name), `${JSON.stringify(entry)}\n`),
  };
}

/** All entries of a file; none if nobody wrote one. */
export function readTraces<Name extends keyof Entries>(dir: string, name: Name): readonly Entries[Name][] {
  try {
    const lines = readFileSync(fileOf(dir, name), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entries[Name]);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
