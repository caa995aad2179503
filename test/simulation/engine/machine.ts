/** A machine with containers: what is on it, what runs, and what was ever started. It outlives the runner, and may lose things. */
import type { ContainerSpec, ContainerState, Exit } from '../../../services/runner/src/docker/ports/containers.ts';
import type { Labels } from '../../../services/runner/src/docker/labels.ts';
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
  /** Nothing runs in it any more, and the engine has not noticed. */
  isHollow?: true;
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
  /** How what ran ended, each time. */
  readonly exits: readonly { readonly labels: Labels; readonly exit: Exit }[];
  /** Containers that the engine lost after they were started. */
  readonly lost: readonly Labels[];
  /** Those that ran when the engine fell: how they ended says nothing of their algorithms. */
  readonly spoilt: readonly Labels[];
  /** How many lives its engine has had: what was asked of an earlier one is asked of nobody. */
  life(): number;
  /** Since when it answers, after its last fall. */
  upSince(): number;
  /** How many algorithms run at the moment. */
  running(): number;
  start(name: string): void;
  end(container: Container, exit: Exit): void;
  /** Whether calls are answered. */
  isUp(): boolean;
  /** When it last did not answer. */
  lastDownAt(): number;
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
  readonly onStart: (labels: Labels) => void;
}

const KILLED: Exit = { exitCode: 137, isOutOfMemory: false };
/** What falls with the engine: it had saved what it had and ended by itself, was asked to, or was found dead later. */
const FALLEN: readonly Exit[] = [0, 143, 255].map((exitCode) => ({ exitCode, isOutOfMemory: false }));
/** How often the engine does not notice that what ran is gone. */
const MISSED = 0.2;

export function createMachine({ name: machineName, world, epochMs, behaviour, onStart }: MachineOptions): Machine {
  const containers = new Map<string, Container>();
  const volumes = new Map<string, Volume>();
  const starts: Start[] = [];
  const exits: { labels: Labels; exit: Exit }[] = [];
  const lost: Labels[] = [];
  const falling = new Set<() => void>();
  let rising: (() => void)[] = [];
  let isUp = true;
  let upSince = epochMs;
  const spoilt: Labels[] = [];
  let generation = 1;
  let life = 1;
  let downAt = Number.NEGATIVE_INFINITY;

  const note = (what: string) => world.note(machineName, what);

  const end = (container: Container, exit: Exit) => {
    if (container.state.kind !== 'running') return;
    container.state = { kind: 'exited', startedAt: container.state.startedAt, finishedAt: epochMs + world.now(), exit };
    exits.push({ labels: container.spec.labels, exit });
    note(`${container.spec.name} exits with ${exit.exitCode}`);
    for (const tell of container.waiting) tell();
    container.waiting.clear();
  };

  const fallen = (container: Container) => {
    // Nobody can tell any more how it ended, unless a runner that saw it has noted that.
    if (container.state.kind !== 'created') lost.push(container.spec.labels);
    if (container.state.kind !== 'running') return;
    spoilt.push(container.spec.labels);
    if (world.random.chance(MISSED)) {
      note(`${container.spec.name} is gone, unnoticed`);
      container.isHollow = true;
      return;
    }
    end(container, FALLEN[world.random.integer(0, FALLEN.length - 1)] ?? KILLED);
  };

  return {
    containers,
    volumes,
    starts,
    exits,
    lost,
    spoilt,
    life: () => life,
    upSince: () => upSince,
    running: () => [...containers.values()].filter(({ state }) => state.kind === 'running').length,
    start(name) {
      const container = containers.get(name);
      if (!container || container.state.kind === 'running') return;
      const { labels, mounts } = container.spec;
      const isFilled = mounts.every(({ volume }) => volumes.get(volume)?.isFilled);
      starts.push({ name, labels, at: world.now(), machine: `${machineName} ${generation}`, isFilled });
      note(`starts ${name}`);
      container.state = { kind: 'running', startedAt: epochMs + world.now() };
      onStart(labels);
      const { runsMs, exit } = behaviour(container.spec);
      world.after(runsMs, () => {
        if (!container.isHollow) end(container, exit);
      });
    },
    end,
    isUp: () => isUp,
    lastDownAt: () => (isUp ? downAt : world.now()),
    hang() {
      note('hangs');
      isUp = false;
    },
    fall() {
      note('falls');
      isUp = false;
      life += 1;
      // What falls with it was buried before its next life.
      upSince = epochMs + world.now() + 1;
      for (const container of containers.values()) fallen(container);
      for (const tell of falling) tell();
      falling.clear();
    },
    rise() {
      note('is back');
      downAt = world.now();
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
      // Nobody can know of them: the same attempts may be made on the new one.
      spoilt.length = 0;
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
