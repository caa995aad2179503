/** Named bytes in a store beside this machine. Everything may throw RESULTS_UNAVAILABLE, whose text names no address and no key. */
import type { Readable } from 'node:stream';
import { CapstanError, messageOf, systemCode } from '../errors.ts';

/** Both included. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Objects {
  /** Resolves once all of it is there; what failed half-way is taken back. */
  put(name: string, body: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void>;
  /** Undefined if there is none. */
  sizeOf(name: string, signal: AbortSignal): Promise<number | undefined>;
  read(name: string, range: Range | undefined, signal: AbortSignal): Promise<Readable>;
  /** All whose names begin with this folder's, unfinished uploads too. Harmless if there are none. */
  removeFolder(name: string, signal: AbortSignal): Promise<void>;
}

/** Longest silence of a store on a request that carries little. */
export const ASK_MS = 30_000;

export const unavailable = (problem: string, cause?: unknown) =>
  new CapstanError('RESULTS_UNAVAILABLE', `The store of results can not be used at the moment: ${problem}.`, { cause });

/** A request that was never answered, in our words; an error of ours stays what it is. */
export function untold(error: unknown): CapstanError {
  if (error instanceof CapstanError) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = systemCode(cause) ?? systemCode(error);
  if (code !== undefined) return unavailable(`the connection failed (${code})`, error);
  const isTimeout = error instanceof Error && error.name === 'TimeoutError';
  return unavailable(isTimeout ? 'it did not answer in time' : 'the connection failed', messageOf(cause ?? error));
}
