/** Pulls of images: jobs that want the same one share a pull. It has a clock of its own, and ends when nobody waits for it any more. */
import { counted } from '@capstan/shared/contract/counted';
import { CapstanError, hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { unlessAborted } from '@capstan/shared/runtime/unless-aborted';
import { GB } from '@capstan/shared/contract/sizes';
import { diskFilled } from '../docker/answers.ts';
import type { EngineImages, Login } from '../docker/ports/images.ts';
import { retryWhileUnavailable, retryOnCode } from '../docker/retry-while-unavailable.ts';
import { createPullProgress, type PullTotals } from './pull-progress.ts';

/** Hears how far a pull is. */
export type Follow = (totals: PullTotals) => void;

export interface SharedPulls {
  /** Throws IMAGE_UNAVAILABLE with a sentence, or DISK_FILLED. Whoever stops waiting leaves the pull to the others. */
  pull(wanted: Wanted, follow: Follow, signal: AbortSignal): Promise<void>;
}

export interface Wanted {
  readonly reference: string;
  readonly login: Login | undefined;
}

export interface PullLimits {
  readonly timeoutS: number;
  readonly stallTimeoutS: number;
  readonly maxBytes: number;
}

interface SharedPullsOptions {
  readonly engine: EngineImages;
  readonly limits: PullLimits;
  /** Whether the engine's disk can take no more. */
  readonly isDiskFull: () => Promise<boolean>;
  readonly log: Log;
}

interface Running {
  readonly followers: Set<Follow>;
  readonly abandoned: AbortController;
  readonly done: Promise<void>;
  totals?: PullTotals;
}

/** For a registry that is not reachable at the moment. */
export const PULLS_AGAIN = { retries: 2, minDelayMs: 300 };
/** Whatever the engine says meanwhile: while it unpacks, it may say nothing for long. */
const LOOK_MS = 500;

export function createSharedPulls({ engine, limits, isDiskFull, log }: SharedPullsOptions): SharedPulls {
  const pulls = new Map<string, Running>();

  /** The engine is fetching something for one of them, which is not in a queue itself. */
  const areOthersAtIt = () => [...pulls.values()].some(({ totals }) => totals && !totals.isHere && !totals.isQueued);

  const once = (wanted: Wanted, tell: Follow, abandoned: AbortSignal) =>
    pullWithin({ engine, limits, isDiskFull, log }, { wanted, tell, areOthersAtIt }, abandoned);

  const begin = (wanted: Wanted): Running => {
    const followers = new Set<Follow>();
    const abandoned = new AbortController();
    const tell = (totals: PullTotals) => {
      running.totals = totals;
      for (const follow of followers) follow(totals);
    };
    const done = once(wanted, tell, abandoned.signal).finally(() => forget(keyOf(wanted), running));
    // When all have left, its failure is nobody's.
    done.catch(() => undefined);
    const running: Running = { followers, abandoned, done };
    pulls.set(keyOf(wanted), running);
    return running;
  };

  const forget = (key: string, running: Running) => {
    if (pulls.get(key) === running) pulls.delete(key);
  };

  return {
    async pull(wanted, follow, signal) {
      const running = pulls.get(keyOf(wanted)) ?? begin(wanted);
      running.followers.add(follow);
      if (running.totals) follow(running.totals);
      try {
        await unlessAborted(running.done, signal);
      } finally {
        running.followers.delete(follow);
        if (running.followers.size === 0 && pulls.get(keyOf(wanted)) === running) {
          log.info({ image: wanted.reference }, 'nobody waits for this image any more: its pull is given up');
          forget(keyOf(wanted), running);
          running.abandoned.abort(new DOMException('nobody waits for this pull', 'AbortError'));
        }
      }
    },
  };
}

/** Who must not use a login never waits for a pull that does. */
const keyOf = ({ reference, login }: Wanted) => `${reference} ${login?.username ?? ''}`;

async function pullWithin(
  { engine, limits, isDiskFull, log }: SharedPullsOptions,
  { wanted, tell, areOthersAtIt }: { wanted: Wanted; tell: Follow; areOthersAtIt: () => boolean },
  abandoned: AbortSignal,
): Promise<void> {
  const { reference, login } = wanted;
  const ended = new AbortController();
  const end = (reason: string) => ended.abort(unavailable(reference, reason));
  const filled = (cause?: unknown) => diskFilled(unavailable(reference, "the engine's disk is full", cause));
  using clock = new DisposableStack();
  const whole = clock.use(
    createPausingClock(limits.timeoutS * 1_000, () => end(`it took longer than ${counted(limits.timeoutS, 'second')}`)),
  );
  const stall = clock.use(createStallClock(limits.stallTimeoutS, end));
  const signal = AbortSignal.any([abandoned, ended.signal]);
  const checkDisk = () => {
    isDiskFull().then(
      (isFull) => isFull && ended.abort(filled()),
      (error: unknown) => log.warn({ err: error }, "could not look at the engine's disk"),
    );
  };
  let latest: PullTotals | undefined;
  let isHeld = false;
  /** What waits for its turn is not kept waiting by its registry: its clocks stand still, or others could use its time up. */
  const judgeQueue = () => {
    const was = isHeld;
    isHeld = latest?.isQueued === true && areOthersAtIt();
    whole.runs(!isHeld);
    if (isHeld) stall.rest();
    else if (was && latest?.isHere !== true) stall.wind();
  };
  const looking = setInterval(() => {
    checkDisk();
    judgeQueue();
  }, LOOK_MS);
  clock.defer(() => clearInterval(looking));

  const attempt = () => {
    const progress = createPullProgress();
    return engine.pullImage(
      {
        reference,
        login,
        onLayer(note) {
          const totals = progress.note(note);
          // The engine repeats a line for as long as nothing comes.
          if (totals.isHere) stall.rest();
          else if (totals.hasMoved) stall.wind();
          latest = totals;
          judgeQueue();
          if (totals.knownBytes > limits.maxBytes) end(tooLarge(limits.maxBytes));
          tell(totals);
        },
      },
      signal,
    );
  };

  log.info({ image: reference }, 'pulling an image');
  try {
    const pulling = retryOnCode(() => retryWhileUnavailable(attempt, { signal, log }), 'FETCH_INTERRUPTED', {
      signal,
      ...PULLS_AGAIN,
    });
    // Not for longer than that, even if the engine does not let go.
    await unlessAborted(pulling, signal);
  } catch (error) {
    ended.signal.throwIfAborted();
    abandoned.throwIfAborted();
    if (hasCode(error, 'DISK_FILLED')) throw filled(error.cause);
    throw hasCode(error, 'IMAGE_UNAVAILABLE', 'FETCH_INTERRUPTED')
      ? unavailable(reference, messageOf(error), error)
      : error;
  }
}

export const unavailable = (reference: string, reason: string, cause?: unknown) =>
  new CapstanError('IMAGE_UNAVAILABLE', `The image ${reference} could not be pulled: ${reason}.`, { cause });

export const tooLarge = (maxBytes: number) => `it is larger than ${maxBytes / GB} GB, the most that this node takes`;

interface StallClock extends Disposable {
  /** Something came. */
  wind(): void;
  /** All that was told of has come. Some engines say nothing while they unpack it: only the whole time counts then. */
  rest(): void;
}

function createStallClock(seconds: number, end: (reason: string) => void): StallClock {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const rest = () => clearTimeout(timer);
  const wind = () => {
    rest();
    if (isOver) return;
    timer = setTimeout(() => end(`nothing came for ${counted(seconds, 'second')}`), seconds * 1_000);
  };
  wind();
  return {
    wind,
    rest,
    [Symbol.dispose]() {
      isOver = true;
      rest();
    },
  };
}

interface PausingClock extends Disposable {
  runs(isRunning: boolean): void;
}

/** A clock that can stand still. It runs from the beginning. */
function createPausingClock(ms: number, end: () => void): PausingClock {
  let leftMs = ms;
  let since: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const pause = () => {
    clearTimeout(timer);
    if (since !== undefined) leftMs -= performance.now() - since;
    since = undefined;
  };
  const run = () => {
    if (since !== undefined) return;
    since = performance.now();
    timer = setTimeout(end, Math.max(0, leftMs));
  };
  run();
  return { runs: (isRunning) => (isRunning ? run() : pause()), [Symbol.dispose]: pause };
}
