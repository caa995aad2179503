/** The algorithm is started, once, whatever the connection to the engine goes through. */
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Clock } from '@capstan/shared/runtime/clock';
import { answeredFor, whileAnswering } from '../../docker/answering.ts';
import type { EngineContainers, StartedState } from '../../docker/ports/containers.ts';
import { namesOf } from '../../docker/names.ts';
import { retryWhileRefused, type Patience } from '../../docker/retry-while-unavailable.ts';
import type { AttemptContext } from '../attempt-context.ts';
import { aborted, untilLeft } from '../signals.ts';
import { signalUntil, type Step } from '../step.ts';
import type { Claimed } from './claim.ts';
import type { Marked } from './mark.ts';
import type { EngineHost } from '../../docker/ports/host.ts';

/** A started algorithm, and since when: in monotonic milliseconds, for the clock on the wall may jump while it runs. */
export interface Started {
  readonly kind: StartedState['kind'];
  readonly sinceMs: number;
}

/** As the engine tells of one that an earlier life of the runner started: how long ago that is, only the clock on the wall can say. */
export function startedBefore({ kind, startedAt }: StartedState, clock: Clock): Started {
  return { kind, sinceMs: clock.monotonicMs() - Math.max(0, clock.now() - startedAt) };
}

/** Once its algorithm is started. */
export interface Running extends AttemptContext {
  readonly algorithm: Started;
}

/** Nothing of it is undone: a start that was refused for want of room may be repeated, and only the wait may be left. */
export const start: Step<Marked, Pick<Running, 'algorithm'>> = {
  name: 'start',
  until: 'stopped',
  async run(context, runnerSignal) {
    const { attempt, parts, control } = context;
    const { engine, identity, log } = attempt;
    const { algorithm } = namesOf(identity);
    const tried = { history: 'new' as StartHistory };
    const once = () => {
      const { history } = tried;
      tried.history = 'perhaps started';
      const how = { history, halted: control.halted, requireRight: rightIn(context), signal: runnerSignal, log };
      return startOnce(engine, algorithm, how);
    };
    const waiting = {
      jobId: identity.jobId,
      undo: () => Promise.resolve(),
      log,
      signal: signalUntil('halted', context),
    };
    await parts.room.waitFor(once, waiting);
    return { algorithm: { kind: 'running', sinceMs: parts.clock.monotonicMs() } };
  },
};

/** Of one that a call of an earlier life may have started, or may be about to. */
export const startIfNotStarted: Step<Claimed, Pick<Running, 'algorithm'>> = {
  name: 'start',
  until: 'stopped',
  async run(context, runnerSignal) {
    const { attempt, parts, control } = context;
    const { engine, identity, log } = attempt;
    const requireRight = rightIn(context);
    const how = {
      history: 'perhaps started',
      halted: control.halted,
      requireRight,
      signal: runnerSignal,
      log,
    } as const;
    await startOnce(engine, namesOf(identity).algorithm, how);
    return { algorithm: { kind: 'running', sinceMs: parts.clock.monotonicMs() } };
  },
};

/**
 * Throws what changed the plan where the algorithm may not be started any more: its lease has run out, or it is not wanted. Asked before
 * each call, for between two of them an engine may have been away for hours, and the runner have stood still.
 */
const rightIn =
  ({ parts, control, ours }: Claimed) =>
  () => {
    parts.ownership.mayStart(ours);
    control.halted.throwIfAborted();
  };

/** Of helpers: they need no claim. */
export const byAnybody = () => undefined;

/** Whether a container may have been started by a call of an earlier life of the runner. */
export type StartHistory = 'new' | 'perhaps started';

/** What an engine may take for a start, as long as it answers all else: under load some take minutes. */
const START_MS = 600_000;
/** The same once it shall stop. */
const HALTED_START_MS = 20_000;
const NEVER = new AbortController().signal;

interface Start extends Patience {
  readonly history?: StartHistory;
  readonly halted?: AbortSignal;
  /** Throws where it may not be started any more. */
  readonly requireRight: () => void;
  readonly withinMs?: number;
}

/**
 * When it resolves, the container has been started exactly once, whatever the connection went through. Throws START_REFUSED; what
 * `requireRight` throws, asked right before each call that could start it; and
 * START_UNKNOWN where the engine does not say in time: then it may run, or start later, and is never started again.
 */
export async function startOnce(
  engine: EngineHost & EngineContainers,
  name: string,
  { history = 'new', halted = NEVER, requireRight, withinMs = START_MS, signal, log }: Start,
): Promise<void> {
  let isNew = history === 'new';
  const startUnlessStarted = (limited: AbortSignal) =>
    retryWhileRefused(
      'START_REFUSED',
      async () => {
        if (!isNew && (await engine.inspectContainer(name, limited)).kind !== 'created') return;
        requireRight();
        isNew = false;
        await engine.startContainer(name, limited);
      },
      { signal: limited, log },
    );
  const overdue = () =>
    new CapstanError(
      'START_UNKNOWN',
      'The container engine did not say whether it has started the algorithm, so nobody knows whether it ran.',
    );
  await whileAnswering({ engine, ms: withinMs, signal, overdue }, async (limited) => {
    using listening = new DisposableStack();
    using waiting = untilLeft();
    const stopped = aborted(halted, listening).then(() =>
      answeredFor({ engine, ms: HALTED_START_MS, signal: AbortSignal.any([limited, waiting.signal]) }),
    );
    const late = stopped.then(() => {
      throw overdue();
    });
    late.catch(() => undefined);
    await Promise.race([startUnlessStarted(limited), late]);
  });
}
