/** Named bytes in a store beside this machine. Everything may throw RESULTS_UNAVAILABLE, whose text names no address and no key. */
import { CapstanError } from '../contract/errors.ts';

/** Both included. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Wanted {
  /** Of the whole object. */
  readonly sizeBytes: number;
  /** All of it if absent. */
  readonly range?: Range | undefined;
}

export interface Objects {
  /** Resolves once all of it is there, and the store has shown that it is; what the body fails with is thrown as it is. */
  put(name: string, body: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void>;
  /** All of a small one; undefined if there is none. Throws if it is larger. */
  readSmall(name: string, maxBytes: number, signal: AbortSignal): Promise<Buffer | undefined>;
  /** Undefined if there is none. */
  sizeOf(name: string, signal: AbortSignal): Promise<number | undefined>;
  /** Exactly the bytes that are wanted, as many as they are, or an error: at once, or before the last of them. */
  read(name: string, wanted: Wanted, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** All whose names begin with this folder's, unfinished uploads too. Resolves once none is there. Harmless if there are none. */
  removeFolder(name: string, signal: AbortSignal): Promise<void>;
}

/** How long a store may take. */
export interface Patience {
  /** For a question and its whole answer. */
  readonly askMs: number;
  /** For a part of an upload on its way, also over a slow line, and for putting the parts together. */
  readonly partMs: number;
  /** Without a byte, while bytes are wanted. */
  readonly silenceMs: number;
  /** Before something that it did not do is asked for again; doubles each time. */
  readonly againMs: number;
}

export const PATIENCE: Patience = { askMs: 30_000, partMs: 600_000, silenceMs: 60_000, againMs: 200 };

/** How often more something is asked for that failed, or that was not done. */
export const RETRIES = 3;

export const unavailable = (problem: string, cause?: unknown) =>
  new CapstanError('RESULTS_UNAVAILABLE', `The store of results can not be used at the moment: ${problem}.`, { cause });
