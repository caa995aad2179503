/** How a runner's calls reach its machine: they take time, fail before or after they worked, break when the engine falls, and wait when it hangs. */
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Process } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { Carry } from './engine.ts';
import type { Machine } from './machine.ts';

export interface Trouble {
  /** How often a call fails, before it worked or after. */
  engineFailures(): number;
  /** What becomes of the answers of this engine. */
  answers(): Answers;
}

/** How often each befalls an answer. */
export interface Answers {
  /** What was asked for is done, and nobody hears of it. */
  readonly lost: number;
  /** It comes after seconds, or after whoever asked has given up. */
  readonly late: number;
  /** Whoever looks is not told how things are. */
  readonly unknown: number;
}

export const GOOD_ANSWERS: Answers = { lost: 0, late: 0, unknown: 0 };

const unavailable = (what: string) =>
  new CapstanError('ENGINE_UNAVAILABLE', `The container engine does not answer: ${what}.`);
/** Docker's adapter gives up looking after this time. */
const LOOK_MS = 15_000;
const LATE_MS = 20_000;
const LOOKING = /^(about|find|inspect|upSince|hasProcess|ping)/;

export function carrier(
  { world, process, machine }: { world: World; process: Process; machine: Machine },
  trouble: Trouble,
): Carry {
  const random = world.random.fork();
  return (what, effect, signal) => {
    const limit = LOOKING.test(what) ? limited(process, what) : undefined;
    const called = process.call(
      what,
      async () => {
        const life = machine.life();
        await machine.up();
        if (machine.life() !== life) throw unavailable(what);
        const { lost, late, unknown } = trouble.answers();
        if (random.chance(trouble.engineFailures()) || (LOOKING.test(what) && random.chance(unknown)))
          throw unavailable(what);
        const value = await orFall(machine, what, effect);
        if (random.chance(late))
          await new Promise<void>((resolve) => world.after(random.integer(500, LATE_MS), resolve));
        await machine.up();
        if (random.chance(trouble.engineFailures()) || random.chance(lost)) throw unavailable(`${what}, which worked`);
        return value;
      },
      { signal },
    );
    return limit ? Promise.race([called, limit]) : called;
  };
}

/** The connection breaks when the engine falls. */
async function orFall<T>(machine: Machine, what: string, effect: () => T | Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const forget = machine.onFall(() => reject(unavailable(what)));
  try {
    return await Promise.race([effect(), promise]);
  } finally {
    forget();
  }
}

function limited(process: Process, what: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    process.after(LOOK_MS, () => reject(unavailable(what)));
  });
}
