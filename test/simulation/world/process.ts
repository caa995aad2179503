/**
 * A simulated process: production code with an inside of its own, that reaches the world through `call` and `tell` only. There it may
 * die, before what it asked for is sent or after the answer has come; a dead one hears nothing any more, and nobody hears of it.
 */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import { within, type Ambient } from './ambient.ts';
import type { World } from './world.ts';

export interface Call {
  /** Done by this machine's own kernel: what a process had not done when it died, it never did. */
  readonly isLocal?: boolean;
  /** Rejects at once with its reason when it aborts; what was asked for may happen all the same. */
  readonly signal?: AbortSignal | undefined;
  /** One way, in milliseconds. */
  readonly latencyMs?: () => number;
}

export interface Process {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  isAlive(): boolean;
  /** Does something as this process; nothing if it is dead. */
  enter(work: () => void): void;
  /** Does something as this process after a while. */
  after(delayMs: number, act: () => void): { cancel(): void };
  /** Something that happens in the world for this process, and its answer. */
  call<T>(what: string, effect: () => T | Promise<T>, call?: Call): Promise<T>;
  /** A place where it may die. Returns whether it lives. */
  point(what: string): boolean;
  /** It dies at the place that comes after this many others; not for now, if undefined. */
  dieAfter(points: number | undefined): void;
  kill(why: string): void;
  onDeath(listener: () => void): void;
}

interface ProcessOptions {
  readonly name: string;
  readonly world: World;
  /** Unix milliseconds at which the world began. */
  readonly epochMs: number;
  readonly isLogged: boolean;
}

export function createProcess({ name, world, epochMs, isLogged }: ProcessOptions): Process {
  const random = world.random.fork();
  const deaths: (() => void)[] = [];
  let isAlive = true;
  let pointsLeft: number | undefined;

  const enter = (work: () => void) => {
    if (!isAlive) return;
    try {
      within(ambient, work);
    } catch (error) {
      // What died in the middle of it has no more to say.
      if (isAlive) throw error;
    }
  };
  const ambient: Ambient = {
    now: () => epochMs + world.now(),
    random: random.next,
    after: (delayMs, act) => world.after(delayMs, () => enter(act)),
  };
  const kill = (why: string) => {
    if (!isAlive) return;
    isAlive = false;
    world.note(name, `dies: ${why}`);
    for (const tell of deaths) tell();
  };
  const point = (what: string) => {
    if (!isAlive) return false;
    if (pointsLeft === undefined) return true;
    if (pointsLeft > 0) {
      pointsLeft -= 1;
      return true;
    }
    kill(`at ${what}`);
    return false;
  };
  const latencyOf = () => shortDelay(random.next());

  return {
    name,
    clock: { now: () => Math.floor(epochMs + world.now()), monotonicMs: () => world.now() },
    log: createProcessLog(name, isLogged ? (text) => isAlive && world.note(name, text) : undefined),
    isAlive: () => isAlive,
    enter,
    after: ambient.after,
    call<T>(
      what: string,
      effect: () => T | Promise<T>,
      { isLocal = false, signal, latencyMs = latencyOf }: Call = {},
    ): Promise<T> {
      return new Promise((resolve, reject) => {
        if (!point(what)) return;
        if (signal?.aborted) return reject(signal.reason as Error);
        const abort = () => reject(signal?.reason as Error);
        signal?.addEventListener('abort', abort, { once: true });
        const answer = (settle: () => void) => {
          world.after(latencyMs(), () => {
            signal?.removeEventListener('abort', abort);
            if (point(`the answer to ${what}`)) enter(settle);
          });
        };
        world.after(latencyMs(), () => {
          if (isLocal && !isAlive) return;
          void outcomeOf(effect).then((settled) =>
            answer(() => (settled.ok ? resolve(settled.value) : reject(settled.error))),
          );
        });
      });
    },
    point,
    dieAfter(points) {
      pointsLeft = points;
    },
    kill,
    onDeath: (listener) => void deaths.push(listener),
  };
}

export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

/** What came of it: the simulation hands it on later, to whoever is still there then. */
export async function outcomeOf<T>(effect: () => T | Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await effect() };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Mostly a millisecond or so, now and then much longer: what was sent first may arrive last. */
export function shortDelay(chance: number): number {
  const tail = chance > 0.97 ? (chance - 0.97) * 40_000 : 0;
  return 0.2 + 2 * chance + tail;
}

type Line = (facts: unknown, text?: string) => void;

/** Pino's log as far as our parts use it, into the trace. */
function createProcessLog(name: string, note: ((text: string) => void) | undefined): Log {
  const at =
    (level: string): Line =>
    (facts, text) =>
      note?.(`${level}: ${typeof facts === 'string' ? facts : `${text ?? ''} ${shown(facts)}`}`);
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  return log as unknown as Log;
}

function shown(facts: unknown): string {
  return JSON.stringify(facts, (key, value: unknown) => {
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    return key === 'ms' ? undefined : value;
  });
}
