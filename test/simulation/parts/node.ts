/** A whole node in one process: gateway, runner, NATS, engine, disk and store, and all that may befall them. */
import type { JobId } from '@capstan/shared/contract/ids';
import type { Db } from '../../../services/gateway/src/store/db.ts';
import type { StoredEvent } from '../../../services/gateway/src/store/events.ts';
import { storeOn, type Store } from '../../../services/gateway/src/store/store.ts';
import { carrier } from '../engine/carry.ts';
import { createDisk, gatewayResultsOn, marksOn, resultsOn, type Disk } from '../engine/disk.ts';
import { createSimulatedEngine } from '../engine/engine.ts';
import type { Behaviour } from '../engine/machine.ts';
import { dialler } from '../nats/client.ts';
import { createNatsServer, type Loss, type NatsServer } from '../nats/server.ts';
import type { Network } from '../nats/wire.ts';
import type { Wiring } from '../bugs.ts';
import { createProcess, shortDelay, type Process } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { databaseOf } from './database.ts';
import { startGateway, type Gateway } from './gateway.ts';
import { startRunner, type Runner } from './runner.ts';
import { createOverlapWatch } from './overlaps.ts';
import { createSite, type Site } from './site.ts';

export const EPOCH_MS = Date.UTC(2030, 0, 1);
export const ENVIRONMENT = 'local';
const MAX_JOBS = 2;
/** How long a process that was asked to end may take. */
const SHUT_DOWN_MS = 10_000;

export type Member = 'gateway' | 'runner 1' | 'runner 2';
export type RunnerMember = Exclude<Member, 'gateway'>;

export interface Life<T> {
  readonly process: Process;
  /** Undefined while it starts. */
  part(): T | undefined;
}

export interface Node {
  readonly sites: readonly Site[];
  readonly disk: Disk;
  readonly server: NatsServer;
  /** To look at, for the auditor. */
  readonly store: Store;
  readonly committed: readonly StoredEvent[];
  /** Algorithms that ran on, though their runner could have ended them, when another runner began the next attempt. */
  readonly overlaps: readonly string[];
  readonly maxJobs: number;
  gateway(): Life<Gateway>;
  /** Dies after this many places where it may; comes back after a while. */
  crash(member: Member, options: { readonly points: number; readonly downMs: number }): void;
  /** Is asked to end, and comes back after a while. */
  terminate(member: Member, downMs: number): void;
  /** Does not reach NATS for a while. */
  cut(member: Member, ms: number): void;
  dropNats(loss: Loss, downMs: number): void;
  troubleEngine(member: RunnerMember, kind: 'hang' | 'fall', ms: number): void;
  loseContainer(member: RunnerMember): void;
  /** The runner dies, and its machine is made anew: engine and notes are empty. Results lie elsewhere. */
  wipeRunner(member: RunnerMember, downMs: number): void;
  /** For a while, calls of the engine, writes to the disk and acknowledgements fail this often. */
  trouble(probability: number, ms: number): void;
  /** Everything works from now on, and everybody is there. */
  heal(): void;
}

interface NodeOptions {
  readonly world: World;
  /** As a new one is. */
  readonly db: Db;
  readonly wiring: Wiring;
  readonly isLogged: boolean;
  readonly runners: 1 | 2;
}

export function createNode({ world, db, wiring, isLogged, runners }: NodeOptions): Node {
  const server = createNatsServer(world);
  const store = storeOn(db);
  const committed: StoredEvent[] = [];
  const cut = new Set<string>();
  const random = world.random.fork();
  let failures = 0;
  let lastTroubleAt = Number.NEGATIVE_INFINITY;
  let jobs = 0;

  const network: Network = {
    world,
    server,
    isReachable: ({ name }) => !cut.has(name),
    latencyMs: (of) => shortDelay(of.next()),
    lossOfAcks: () => failures,
  };
  const disk = createDisk(() => failures / 4);
  // So long that another runner takes over what it does not hear of, now and then; often, where there is another one.
  const long = runners === 1 ? 0.1 : 0.4;
  const behaviour: Behaviour = () => ({
    runsMs: random.chance(long) ? random.integer(8_000, 40_000) : random.integer(20, 6_000),
    exit: { exitCode: random.chance(0.8) ? 0 : random.integer(1, 3), isOutOfMemory: false },
  });
  const sites = [1, 2].slice(0, runners).map((number) =>
    createSite({
      world,
      epochMs: EPOCH_MS,
      number,
      behaviour,
      results: disk,
      onStart: (labels) => watch.started(number, labels),
    }),
  );
  const trouble = { engineFailures: () => failures };
  const newJobId = () => (jobs += 1).toString(16).padStart(32, '0') as JobId;

  const watch = createOverlapWatch({
    world,
    machine: (index) => sites[index]?.machine,
    lifeBegan: (index) => homes[index]?.runner.began(),
    lastTroubleAt: () => lastTroubleAt,
  });

  const bringUp = {
    gateway: (process: Process): Promise<Gateway> => {
      const own = wiring.store(storeOn(wiring.database(databaseOf(db, process))));
      return startGateway({
        process,
        dial: dialler(network, process),
        store: own,
        intakeStore: wiring.intakeStore(own),
        results: gatewayResultsOn(disk, process),
        newJobId,
        onCommitted: (events) => void committed.push(...events),
      });
    },
    runner: ({ machine, disk: ownDisk, runnerId }: Site, process: Process): Promise<Runner> =>
      startRunner({
        process,
        dial: dialler(network, process),
        wireOwnership: wiring.ownership,
        settings: { id: runnerId, environment: ENVIRONMENT, maxJobs: MAX_JOBS },
        outside: wiring.outside({
          engine: createSimulatedEngine(machine, carrier({ world, process, machine }, trouble)),
          results: resultsOn(ownDisk, process, world),
          marks: marksOn(ownDisk, process),
        }),
      }),
  } as const;

  const live = <T extends { shutDown(): Promise<void> }>(name: Member, start: (process: Process) => Promise<T>) => {
    let part: T | undefined;
    let process: Process;
    let began = 0;
    const begin = () => {
      const mine = createProcess({ name, world, epochMs: EPOCH_MS, isLogged });
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
      /** Undefined while it is dead. */
      began: () => (process.isAlive() ? began : undefined),
      /** Nothing more befalls it, and it is there. */
      revive() {
        process.dieAfter(undefined);
        if (!process.isAlive()) begin();
      },
      crash({ points, downMs }: { points: number; downMs: number }) {
        process.onDeath(() => comeBack(downMs));
        process.dieAfter(points);
      },
      terminate(downMs: number) {
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
  };
  const gateway = live<Gateway>('gateway', bringUp.gateway);
  const runnerAt = (site: Site, name: RunnerMember) => live<Runner>(name, (process) => bringUp.runner(site, process));
  const homes = sites.map((site, index) => {
    const name: RunnerMember = index === 0 ? 'runner 1' : 'runner 2';
    return { name, site, runner: runnerAt(site, name) };
  });
  /** The first one, where there is only one. */
  const homeOf = (member: RunnerMember) => {
    const home = homes.find(({ name }) => name === member) ?? homes[0];
    if (!home) throw new RangeError('a node has at least one runner');
    return home;
  };
  const memberOf = (member: Member) => (member === 'gateway' ? gateway : homeOf(member).runner);
  const nameOf = (member: Member): Member => (member === 'gateway' ? member : homeOf(member).name);

  const loseConnections = (name: string) => {
    for (const peer of server.peers) if (peer.name === name) peer.onLost();
  };

  return {
    sites,
    disk,
    server,
    store,
    committed,
    overlaps: watch.found,
    maxJobs: MAX_JOBS,
    gateway: () => gateway.life(),
    crash: (member, options) => memberOf(member).crash(options),
    terminate: (member, downMs) => memberOf(member).terminate(downMs),
    cut(member, ms) {
      const name = nameOf(member);
      world.note(name, `is cut off from NATS for ${ms} ms`);
      cut.add(name);
      // Noticed some time later; at the latest when everything that was sent meanwhile turns out to be lost.
      world.after(Math.min(ms, random.integer(0, 10_000)), () => loseConnections(name));
      world.after(ms, () => {
        cut.delete(name);
        loseConnections(name);
      });
    },
    dropNats(loss, downMs) {
      if (!server.isUp()) return;
      server.fall(loss);
      world.after(downMs, () => server.rise());
    },
    troubleEngine(member, kind, ms) {
      const { site } = homeOf(member);
      if (!site.machine.isUp()) return;
      site.machine[kind]();
      world.after(ms, () => site.machine.rise());
    },
    loseContainer: (member) => homeOf(member).site.machine.loseOne(),
    wipeRunner(member, downMs) {
      const { site, runner } = homeOf(member);
      runner.crash({ points: 0, downMs });
      runner.life().process.kill('its machine is made anew');
      site.machine.wipe();
      site.disk.marks.clear();
    },
    trouble(probability, ms) {
      world.note('world', `${Math.round(probability * 100)} % of calls fail for ${ms} ms`);
      failures = probability;
      lastTroubleAt = Number.POSITIVE_INFINITY;
      world.after(ms, () => {
        failures = 0;
        lastTroubleAt = world.now();
      });
    },
    heal() {
      world.note('world', 'heals');
      failures = 0;
      for (const { name, site, runner } of homes) {
        if (cut.delete(name)) loseConnections(name);
        if (!site.machine.isUp()) site.machine.rise();
        runner.revive();
      }
      if (cut.delete('gateway')) loseConnections('gateway');
      gateway.revive();
      if (!server.isUp()) server.rise();
    },
  };
}
