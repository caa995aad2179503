/** The lifecycle of a job, PURE: gateway, runner, simulation and docs all decide by this one function. */
import { isEnding, statusRow, type StatusCode } from './status.ts';

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

/** Why an event changes nothing. All of them are expected: messages repeat, and the dead speak late. */
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

/** Applies an event to a job's state, or says why it changes nothing. */
export function apply(state: LifecycleState, event: LifecycleEvent): Verdict {
  if (event.run !== state.run) return { kind: 'ignored', reason: 'other-run' };
  if (isEnding(state.code)) return { kind: 'ignored', reason: 'run-ended' };
  if (event.attempt < state.attempt) return { kind: 'ignored', reason: 'older-attempt' };
  const applied = { kind: 'applied', state: { run: event.run, attempt: event.attempt, code: event.code } } as const;
  if (event.attempt > state.attempt) return event.code === 1 ? { kind: 'ignored', reason: 'not-a-move' } : applied;
  if (isMove(state.code, event.code)) return applied;
  return {
    kind: 'ignored',
    reason: statusRow(event.code).rank <= statusRow(state.code).rank ? 'repeated' : 'not-a-move',
  };
}
