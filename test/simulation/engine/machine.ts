/** A machine with containers: what is on it, what runs, and what was ever started. It outlives the runner, and may lose things. */
import type { ContainerSpec, ContainerState, Exit, Labels } from '../../../services/runner/src/docker/engine.ts';
import type { World } from '../world/world.ts';

/** A start of a container, for the auditor. */
export interface Start {
  readonly name: string;
  readonly labels: Labels;
  readonly at: number;
  readonly machine: string;
  /** All its inputs were in place. */
  readonly isFilled: boolean;
}

export interface Container {
  readonly spec: ContainerSpec;
  state: ContainerState;
  /** Ends what runs. */
  end: ((exit: Exit) => void) | undefined;
  readonly waiting: Set<() => void>;
}

export interface Volume {
  readonly labels: Labels;
  isFilled: boolean;
}

/** How long an algorithm runs, and how it ends by itself. */
export type Behaviour = (spec: ContainerSpec) => { readonly runsMs: number; readonly exit: Exit };

export interface Machine {
  readonly containers: Map<string, Container>;
  readonly volumes: Map<string, Volume>;
  readonly starts: readonly Start[];
  /** Containers that the engine lost after they were started. */
  readonly lost: readonly Labels[];
  /** How many algorithms run at the moment. */
  running(): number;
  start(name: string): void;
  end(container: Container, exit: Exit): void;
  /** Whether calls are answered. */
  isUp(): boolean;
  /** Answers nothing; what runs goes on. */
  hang(): void;
  /** Falls over, and with it what runs. */
  fall(): void;
  rise(): void;
  /** Resolves when it answers again. */
  up(): Promise<void>;
  /** The names of those that it was before it was made anew. */
  gone(): readonly string[];
  /** Another machine in its place: nothing of what was on it is there. */
  wipe(): void;
  /** Forgets a container that was started, as after a disk that was cleared by hand. */
  loseOne(): void;
  /** Calls in flight break when it falls. */
  onFall(listener: () => void): () => void;
}

interface MachineOptions {
  readonly name: string;
  readonly world: World;
  readonly epochMs: number;
  readonly behaviour: Behaviour;
  readonly onStart: () => void;
}

const KILLED: Exit = { exitCode: 137, isOutOfMemory: false };

export function createMachine({ name: machineName, world, epochMs, behaviour, onStart }: MachineOptions): Machine {
  const containers = new Map<string, Container>();
  const volumes = new Map<string, Volume>();
  const starts: Start[] = [];
  const lost: Labels[] = [];
  const falling = new Set<() => void>();
  let rising: (() => void)[] = [];
  let isUp = true;
  let generation = 1;

  const note = (what: string) => world.note(machineName, what);

  const end = (container: Container, exit: Exit) => {
    if (container.state.kind !== 'running') return;
    container.state = { kind: 'exited', startedAt: container.state.startedAt, exit };
    note(`${container.spec.name} exits with ${exit.exitCode}`);
    for (const tell of container.waiting) tell();
    container.waiting.clear();
  };

  return {
    containers,
    volumes,
    starts,
    lost,
    running: () => [...containers.values()].filter(({ state }) => state.kind === 'running').length,
    start(name) {
      const container = containers.get(name);
      if (!container || container.state.kind === 'running') return;
      const { labels, mounts } = container.spec;
      const isFilled = mounts.every(({ volume }) => volumes.get(volume)?.isFilled);
      starts.push({ name, labels, at: world.now(), machine: `${machineName} ${generation}`, isFilled });
      note(`starts ${name}`);
      container.state = { kind: 'running', startedAt: epochMs + world.now() };
      onStart();
      const { runsMs, exit } = behaviour(container.spec);
      world.after(runsMs, () => end(container, exit));
    },
    end,
    isUp: () => isUp,
    hang() {
      note('hangs');
      isUp = false;
    },
    fall() {
      note('falls');
      isUp = false;
      for (const container of containers.values()) end(container, KILLED);
      for (const tell of falling) tell();
      falling.clear();
    },
    rise() {
      note('is back');
      isUp = true;
      const waiting = rising;
      rising = [];
      for (const tell of waiting) tell();
    },
    up: () => (isUp ? Promise.resolve() : new Promise((resolve) => void rising.push(resolve))),
    gone: () => Array.from({ length: generation - 1 }, (_, index) => `${machineName} ${index + 1}`),
    wipe() {
      note('is wiped');
      generation += 1;
      for (const [name, container] of containers) {
        end(container, KILLED);
        lost.push(container.spec.labels);
        containers.delete(name);
      }
      volumes.clear();
    },
    loseOne() {
      const found = [...containers.entries()].find(([, { state }]) => state.kind !== 'created');
      if (!found) return;
      const [name, container] = found;
      note(`loses ${name}`);
      end(container, KILLED);
      containers.delete(name);
      lost.push(container.spec.labels);
    },
    onFall(listener) {
      falling.add(listener);
      return () => void falling.delete(listener);
    },
  };
}
