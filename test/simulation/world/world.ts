/** The time of a schedule: nothing happens but what was planned, one thing after the other, and its consequences before the next. */
import { createAgenda } from './agenda.ts';
import { createRandom, type Random } from './random.ts';

export interface World {
  /** Milliseconds since the schedule began. */
  now(): number;
  readonly random: Random;
  after(delayMs: number, act: () => void): { cancel(): void };
  /** One line of the trace: who, and what happened. */
  note(who: string, what: string): void;
  trace(): readonly string[];
  /** Lets time pass until it is `isDone`, or for this long; resolves to whether it is. */
  run(limitMs: number, isDone: () => boolean): Promise<boolean>;
}

/** On a grid that floating point can add and subtract without loss: or what was sent first could arrive later by a rounding error. */
const exact = (delayMs: number) => Math.ceil(delayMs * 1_024) / 1_024;

export function createWorld(seed: number): World {
  const agenda = createAgenda();
  const random = createRandom(seed);
  const lines: string[] = [];
  let now = 0;

  return {
    now: () => now,
    random,
    after(delayMs, act) {
      const entry = agenda.add(now + exact(delayMs), act);
      return {
        cancel() {
          entry.isCancelled = true;
        },
      };
    },
    note: (who, what) => void lines.push(`${now.toFixed(3).padStart(11)}  ${who.padEnd(9)} ${what}`),
    trace: () => lines,
    async run(limitMs, isDone) {
      const end = now + limitMs;
      let isOver = false;
      const limit = agenda.add(end, () => {
        isOver = true;
      });
      await consequences();
      while (!isDone()) {
        const next = agenda.take();
        if (!next) throw new Error('nothing is left to happen');
        now = next.at;
        next.act();
        if (isOver) return isDone();
        await consequences();
      }
      limit.isCancelled = true;
      return true;
    },
  };
}

/** All that follows at once: promises and ticks run out before the event loop comes round. Nothing of a schedule waits for anything else. */
const consequences = () => new Promise<void>((resolve) => void setImmediate(resolve));
