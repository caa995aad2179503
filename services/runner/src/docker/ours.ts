/**
 * The right to start one attempt. Only `claimStart` makes it, and without it the engine's port makes no algorithm's container: a type,
 * so that nobody has to remember it.
 */
import type { JobId } from '@capstan/shared/contract/ids';

declare const granted: unique symbol;

export interface Ours {
  readonly kind: 'ours';
  readonly jobId: JobId;
  readonly run: number;
  readonly attempt: number;
  readonly [granted]: true;
}

export interface Claim {
  readonly jobId: JobId;
  readonly run: number;
  readonly attempt: number;
}

/** Another runner has the attempt, or a later one. */
export interface Theirs {
  readonly kind: 'theirs';
  readonly runnerId: string;
}

/** Who may start an attempt: the one module that knows is `start-ownership.ts`. */
export interface StartRights {
  /** Waits for as long as nobody answers. Asking again for what is ours is harmless. If it is not ours, the run is told to end. */
  claimStart(claim: Claim, signal: AbortSignal): Promise<Ours | Theirs>;
  /** Right before the start: whether it is still ours. If not, its run is told to end. */
  mayStart(ours: Ours): boolean;
}
