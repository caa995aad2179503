/** The shape of a step, and ways that are made of steps. The steps themselves, in their order, are in `steps.ts`. */
import type { ProgressCode } from '@capstan/shared/contract/status';
import type { AttemptContext } from './attempt-context.ts';
import { tellStep } from './step-channel.ts';

/** `halted`: once the run shall not go on. `dropped`: once nothing of it is wanted any more. `stopped`: with the runner alone. */
type Until = 'halted' | 'dropped' | 'stopped';

export interface Step<Needs extends AttemptContext, Gives extends object> {
  readonly name: string;
  /** What ends it before its time, beside the stop of the runner. */
  readonly until: Until;
  /** The status that is told when it begins. The number of the event follows from it (decision 0008), so it may be told again. */
  readonly tells?: (context: Needs) => ProgressCode | undefined;
  /** Finds out what an earlier life of the runner has done, or starts afresh. Resolves to what later steps need of it. */
  readonly run: (context: Needs, signal: AbortSignal) => Promise<Gives>;
}

export interface Way<From extends AttemptContext, To extends From> {
  /** Resolves to all that its steps have given. */
  readonly run: (context: From) => Promise<To>;
  step<Gives extends object>(next: Step<To, Gives>): Way<From, To & Gives>;
  /** Steps that are taken together: tried again, say. */
  part<Gives extends object>(next: (context: To) => Promise<Gives>): Way<From, To & Gives>;
}

/** A way that begins with this context. */
export const wayFrom = <From extends AttemptContext>(): Way<From, From> => wayOf((context) => Promise.resolve(context));

function wayOf<From extends AttemptContext, To extends From>(run: (context: From) => Promise<To>): Way<From, To> {
  const part = <Gives extends object>(next: (context: To) => Promise<Gives>) =>
    wayOf<From, To & Gives>(async (context) => {
      const before = await run(context);
      return { ...before, ...(await next(before)) };
    });
  return { run, part, step: (next) => part((context) => take(next, context)) };
}

export const signalUntil = (until: Until, { signal, control }: AttemptContext): AbortSignal =>
  until === 'stopped' ? signal : AbortSignal.any([signal, control[until]]);

/** Whatever a step fails with because its signal aborted, the signal's reason is the one that counts. */
async function take<Needs extends AttemptContext, Gives extends object>(
  { name, until, tells, run }: Step<Needs, Gives>,
  context: Needs,
): Promise<Gives> {
  const { attempt, report } = context;
  const signal = signalUntil(until, context);
  const code = tells?.(context);
  if (code !== undefined) report(code);
  const before = performance.now();
  tellStep(attempt.identity.jobId, name);
  try {
    return await run(context, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    attempt.log.debug({ step: name, ms: Math.round((performance.now() - before) * 10) / 10 }, 'step done');
  }
}
