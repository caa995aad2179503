/** Which fault comes when: two rows of them, each drawn from the seed, side by side as long as they touch different parts. */
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Traces } from '../../support/audit/traces/entries.ts';
import type { Chance } from '../chance.ts';
import type { Fault, Part, Scene } from './fault.ts';

interface ScheduleOptions {
  readonly faults: readonly [Fault, ...Fault[]];
  readonly scene: Scene;
  readonly chance: Chance;
  readonly traces: Traces;
  readonly say: (line: string) => void;
  /** No fault begins any more; those that are there come to their end. */
  readonly signal: AbortSignal;
}

const ROWS = ['first row', 'second row'] as const;

export async function runFaults({ faults, scene, chance, traces, say, signal }: ScheduleOptions): Promise<void> {
  const parts = createParts();

  const inject = async (fault: Fault, own: Chance) => {
    const before = performance.now();
    const at = new Date().toISOString();
    say(`${fault.id} ${fault.name}`);
    try {
      const comebacks = (await fault.inject(scene, own)) ?? [];
      const tookMs = Math.round(performance.now() - before);
      traces.write('faults', {
        type: 'fault',
        id: fault.id,
        name: fault.name,
        at,
        tookMs,
        comebacksMs: comebacks.map(Math.round),
      });
      const back =
        comebacks.length === 0 ? '' : `, back at work after ${comebacks.map((ms) => Math.round(ms)).join(', ')} ms`;
      say(`  over: ${fault.name}, ${tookMs} ms${back}`);
    } catch (error) {
      scene.breach(`${fault.id} could not be carried out (${fault.name}): ${messageOf(error)}`);
    }
  };
  const runRow = async (row: string) => {
    const own = chance.fork(row);
    while (!signal.aborted) {
      // Each of them once before any comes again.
      for (const fault of own.shuffled(faults)) {
        const fate = own.fork(`${fault.name} ${own.next()}`);
        await pause(own.between(300, 3_000), undefined, { signal }).catch(() => undefined);
        const release = await parts.take(fault.touches);
        if (!signal.aborted) await inject(fault, fate);
        release();
        if (signal.aborted) return;
      }
    }
  };
  await Promise.all(ROWS.map(runRow));
}

/** Parts that somebody is at; all that is needed is taken at once, so that nobody waits for each other. */
function createParts() {
  const taken = new Set<Part>();
  const waiting: { readonly needed: readonly Part[]; readonly go: () => void }[] = [];
  const serve = () => {
    for (const waiter of waiting.slice()) {
      if (waiter.needed.some((part) => taken.has(part))) continue;
      waiting.splice(waiting.indexOf(waiter), 1);
      for (const part of waiter.needed) taken.add(part);
      waiter.go();
    }
  };
  return {
    take(needed: readonly Part[]): Promise<() => void> {
      const { promise, resolve } = Promise.withResolvers<() => void>();
      waiting.push({
        needed,
        go: () =>
          resolve(() => {
            for (const part of needed) taken.delete(part);
            serve();
          }),
      });
      serve();
      return promise;
    },
  };
}
