/**
 * The right to start one attempt. Only `claimStart` makes it, and without it the engine's port makes no algorithm's container: a type,
 * so that nobody has to remember it. It is a right to that attempt and to no other one, which the port looks at, too.
 */
import type { JobId } from '@capstan/shared/contract/ids';
import type { Labels } from './labels.ts';
import { identityOf } from './names.ts';

/** Not exported: what has it was made here. */
const granted: unique symbol = Symbol('granted');

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

/** For `start-ownership.ts` alone, once the claim is answered; the linter holds that. */
export const grant = ({ jobId, run, attempt }: Claim): Ours => ({ kind: 'ours', jobId, run, attempt, [granted]: true });

/** Throws where a container is to be made for another attempt than the right is for: then nobody has claimed it. */
export function requireRight(ours: Ours, labels: Labels): void {
  const made = identityOf(labels);
  const isMeant = made?.jobId === ours.jobId && made.run === ours.run && made.attempt === ours.attempt;
  if (isMeant && ours[granted]) return;
  throw new RangeError(
    `attempt ${ours.attempt} of ${ours.jobId}.${ours.run} was claimed, and the container is for attempt ${made?.attempt} of ${made?.jobId}.${made?.run}`,
  );
}
