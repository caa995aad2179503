/** How a runner's calls reach its machine: they take time, fail before or after they worked, break when the engine falls, and wait when it hangs. */
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Process } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { Carry } from './engine.ts';
import type { Machine } from './machine.ts';

export interface Trouble {
  /** How often a call fails, before it worked or after. */
  engineFailures(): number;
}

const unavailable = (what: string) =>
  new CapstanError('ENGINE_UNAVAILABLE', `The container engine does not answer: ${what}.`);
/** Docker's adapter gives up looking after this time. */
const LOOK_MS = 15_000;
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
        await machine.up();
        if (random.chance(trouble.engineFailures())) throw unavailable(what);
        const value = await orFall(machine, what, effect);
        await machine.up();
        if (random.chance(trouble.engineFailures())) throw unavailable(`${what}, which worked`);
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
