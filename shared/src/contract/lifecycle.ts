/**
 * The lifecycle of a job, PURE: gateway, runner, simulation and docs all decide by this one function. Fencing takes effect here: what an
 * earlier run or attempt still says changes nothing, but for an ending, which is the run's.
 */
import { isEnding, STATUS, statusRow, type StatusCode } from './status.ts';

export interface LifecycleState {
  readonly run: number;
  /** 0 until a runner has taken the job, then counts the attempts of this run from 1. */
  readonly attempt: number;
  readonly code: StatusCode;
}

export interface LifecycleEvent {
  readonly run: number;
  readonly attempt: number;
  readonly code: StatusCode;
}

/** Why an event changes nothing. All of them are expected: messages repeat, and a runner that was given up may still send some. */
export type IgnoredReason = 'other-run' | 'run-ended' | 'older-attempt' | 'repeated' | 'not-a-move';

export type Verdict =
  | { readonly kind: 'applied'; readonly state: LifecycleState }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason };

/**
 * Whether a job may go from one status to another within one attempt. Ranks may be skipped (each event says enough to set the
 * state by itself, and the ones before it may have been lost with the broker), never repeated or taken back.
 */
export function isMove(from: StatusCode, to: StatusCode): boolean {
  const fromRow = statusRow(from);
  const toRow = statusRow(to);
  if (isEnding(from)) return false;
  if (toRow.endsFromRank !== undefined) return fromRow.rank <= toRow.endsFromRank;
  return toRow.rank > fromRow.rank;
}

/** Applies an event to a job's state, or says why it changes nothing. The status may be another than the event's: see `endOf`. */
export function apply(state: LifecycleState, event: LifecycleEvent): Verdict {
  if (event.run !== state.run) return { kind: 'ignored', reason: 'other-run' };
  if (isEnding(state.code)) return { kind: 'ignored', reason: 'run-ended' };
  if (isEnding(event.code)) return applied(endOf(state, event));
  if (event.attempt < state.attempt) return { kind: 'ignored', reason: 'older-attempt' };
  if (event.attempt > state.attempt)
    return event.code === 1 ? { kind: 'ignored', reason: 'not-a-move' } : applied(event);
  if (isMove(state.code, event.code)) return applied(event);
  return {
    kind: 'ignored',
    reason: statusRow(event.code).rank <= statusRow(state.code).rank ? 'repeated' : 'not-a-move',
  };
}

function applied({ run, attempt, code }: LifecycleState): Verdict {
  return { kind: 'applied', state: { run, attempt, code } };
}

/**
 * An ending is the run's, whichever attempt tells it: a runner that lost its memory counts from one again, fails at a step that the job
 * was past, and what it says is still the end. Where the table has no way there, the algorithm has failed.
 */
function endOf(state: LifecycleState, event: LifecycleEvent): LifecycleState {
  const isPossible = event.attempt > state.attempt || isMove(state.code, event.code);
  return {
    run: event.run,
    attempt: Math.max(event.attempt, state.attempt),
    code: isPossible ? event.code : STATUS.algorithmFailed.code,
  };
}
