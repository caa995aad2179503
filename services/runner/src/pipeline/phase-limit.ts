/** A phase has one total time, whatever its parts do: retries, waits and downloads that go on and on included. */
import { counted } from '@capstan/shared/contract/counted';
import { limited } from '@capstan/shared/runtime/limited';
import { CapstanError, type ErrorCode } from '@capstan/shared/contract/errors';

/**
 * How long each phase before the algorithm may take. Where an order is paid for by the minute, nobody pays for these: they may take what
 * the order pays for, and no less than an honest source needs. `paidS`: what the order pays for, if there is one.
 */
export function phaseLimitOf(
  { phaseTimeoutS, paidPhaseS }: { readonly phaseTimeoutS: number; readonly paidPhaseS: number },
  paidS: number | undefined,
): number {
  return paidS === undefined ? phaseTimeoutS : Math.min(phaseTimeoutS, Math.max(paidS, paidPhaseS));
}

export interface PhaseLimit {
  readonly limitS: number;
  /** What the phase fails with when its time is over. */
  readonly code: ErrorCode;
  /** What was not there in time. */
  readonly what: string;
}

/** Runs `work` under a signal that aborts when the phase's time is over, too. */
export async function withinPhase<T>(
  { limitS, code, what }: PhaseLimit,
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  using limit = limited(limitS * 1_000, signal);
  try {
    return await work(limit.signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.isOver()) throw error;
    throw new CapstanError(
      code,
      `${what} could not be had within ${counted(limitS, 'second')}, the most that this node gives it.`,
      {
        cause: error,
      },
    );
  }
}
