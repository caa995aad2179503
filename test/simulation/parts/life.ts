/** The lives of one member of a node: it dies where it is told to, and comes back. */
import { createProcess, type Process } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { Member } from './members.ts';

export interface Life<T> {
  readonly process: Process;
  /** Undefined while it starts. */
  part(): T | undefined;
}

export interface Lives<T> {
  life(): Life<T>;
  /** When it began to live; undefined while it is dead. */
  began(): number | undefined;
  /** Nothing more befalls it, and it is there. */
  revive(): void;
  /** Dies after so many places where it may, and comes back after a while. `onDeath` hears of it. */
  crash(how: { readonly points: number; readonly downMs: number; readonly onDeath?: () => void }): void;
  /** Is asked to end, and comes back after a while. */
  terminate(downMs: number): void;
}

interface LivesOptions<T> {
  readonly name: Member;
  readonly world: World;
  readonly epochMs: number;
  readonly isLogged: boolean;
  readonly start: (process: Process) => Promise<T>;
}

/** How long a process that was asked to end may take. */
const SHUT_DOWN_MS = 10_000;

export function createLives<T extends { shutDown(): Promise<void> }>(options: LivesOptions<T>): Lives<T> {
  const { name, world, epochMs, isLogged, start } = options;
  let part: T | undefined;
  let process: Process;
  let began = 0;
  const begin = () => {
    const mine = createProcess({ name, world, epochMs, isLogged });
    process = mine;
    part = undefined;
    began = world.now();
    world.note(name, 'starts');
    mine.enter(() => {
      const started = async () => {
        const made = await start(mine);
        if (mine.isAlive()) part = made;
      };
      void started();
    });
  };
  const comeBack = (downMs: number) => world.after(downMs, () => !process.isAlive() && begin());
  begin();
  return {
    life: () => ({ process, part: () => part }),
    began: () => (process.isAlive() ? began : undefined),
    revive() {
      process.dieAfter(undefined);
      if (!process.isAlive()) begin();
    },
    crash({ points, downMs, onDeath }) {
      process.onDeath(() => {
        onDeath?.();
        comeBack(downMs);
      });
      process.dieAfter(points);
    },
    terminate(downMs) {
      const mine = process;
      const end = (why: string) => {
        if (!mine.isAlive()) return;
        mine.kill(why);
        comeBack(downMs);
      };
      const running = part;
      if (!running || !mine.isAlive()) return;
      world.note(name, 'is asked to end');
      mine.enter(() => void running.shutDown().then(() => end('ended')));
      world.after(SHUT_DOWN_MS, () => end('did not end in time'));
    },
  };
}
