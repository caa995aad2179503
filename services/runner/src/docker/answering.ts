/**
 * How long somebody has waited for one thing of an engine that answers all else. An engine that is away, or stands still, is unknown and
 * waited for without end; one that is there and stuck with a single container would keep a place for ever.
 */
import { hasCode } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { LEFT } from '@capstan/shared/runtime/limited';
import { retryWhileUnavailable } from './retry-while-unavailable.ts';
import { pause } from './pause.ts';
import type { EngineHost } from './ports/host.ts';

const LOOK_EVERY_MS = 10_000;
/** What an engine may take to say something of one thing, as long as it answers all else. */
export const TELL_MS = 120_000;
/** The same for a job that is to be stopped. */
export const STOPPED_TELL_MS = 20_000;

interface Answering {
  readonly engine: Pick<EngineHost, 'about'>;
  readonly ms: number;
  /** Of nobody else's time: that for which the engine was there at each end of a look. */
  readonly signal: AbortSignal;
}

/** Resolves once the engine has answered for so long. Rejects only when `signal` aborts. */
export async function answeredFor({ engine, ms, signal }: Answering): Promise<void> {
  let leftMs = ms;
  while (leftMs > 0) {
    const stepMs = Math.min(leftMs, LOOK_EVERY_MS);
    await pause(stepMs, signal);
    if (await answers(engine, signal)) leftMs -= stepMs;
  }
}

async function answers(engine: Answering['engine'], signal: AbortSignal): Promise<boolean> {
  try {
    await engine.about(signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'ENGINE_UNAVAILABLE')) return false;
    throw error;
  }
}

interface Bounded extends Answering {
  /** What the work fails with when that time is over. */
  readonly overdue: () => Error;
  /** Work that goes on and on is given that time anew whenever this has changed. */
  readonly progress?: () => unknown;
}

/** The same for what is asked again for as long as the engine does not answer: it must be harmless to repeat. */
export const retryWhileAnswering = <T>(
  { log, ...bounded }: Bounded & { readonly log: Log },
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> =>
  whileAnswering(bounded, (limited) => retryWhileUnavailable(() => work(limited), { signal: limited, log }));

/** Runs `work` under a signal that aborts with the caller's, and when the engine has answered for so long without having done it. */
export async function whileAnswering<T>(
  { engine, ms, signal, overdue, progress }: Bounded,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const limited = AbortSignal.any([signal, ended.signal]);
  const working = work(limited);
  // Given up, its failure is nobody's.
  working.catch(() => undefined);
  const late = stoodStill({ engine, ms, signal: limited }, progress).then(() => {
    throw overdue();
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([working, late]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    ended.abort(LEFT);
  }
}

/** Resolves once the engine has answered for so long without any progress. */
async function stoodStill(answering: Answering, progress: () => unknown = () => 0): Promise<void> {
  for (;;) {
    const before = progress();
    await answeredFor(answering);
    if (progress() === before) return;
  }
}
