/** A whole node in one process: gateway, runner, NATS, engine, disk and store, and all that may befall them. */
import type { JobId } from '@capstan/shared/contract/ids';
import type { Db } from '../../../services/gateway/src/store/db.ts';
import type { StoredEvent } from '../../../services/gateway/src/store/events.ts';
import { storeOn, type Store } from '../../../services/gateway/src/store/store.ts';
import { carrier, GOOD_ANSWERS, type Answers } from '../engine/carry.ts';
import { createDisk, gatewayResultsOn, losePower, marksOn, resultsOn, type Disk } from '../engine/disk.ts';
import { createSimulatedEngine } from '../engine/engine.ts';
import type { Behaviour } from '../engine/machine.ts';
import { dialler } from '../nats/client.ts';
import { createNatsServer, type Loss, type NatsServer } from '../nats/server.ts';
import type { Network } from '../nats/wire.ts';
import type { Wiring } from '../planted/wiring.ts';
import { shortDelay, type Process } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { databaseOf } from './database.ts';
import { startGateway, type Gateway } from './gateway.ts';
import { createHasteWatch, type Hasty } from './haste.ts';
import { createLives, type Life } from './life.ts';
import { RUNNER_MEMBERS, type Member, type RunnerMember, type Runners } from './members.ts';
import { startRunner, TAKEOVER_AFTER_S, type Runner } from './runner.ts';
import { createOverlapWatch } from './overlaps.ts';
import { createSite, type Site } from './site.ts';

export const EPOCH_MS = Date.UTC(2030, 0, 1);
export const ENVIRONMENT = 'local';
const MAX_JOBS = 2;

export interface Node {
  readonly sites: readonly Site[];
  readonly disk: Disk;
  readonly server: NatsServer;
  /** To look at, for the auditor. */
  readonly store: Store;
  readonly committed: readonly StoredEvent[];
  /** Algorithms that ran on, though their runner could have ended them, when another runner began the next attempt. */
  readonly overlaps: readonly string[];
  /** Attempts that were begun elsewhere while the lease of the one before could not have run out. */
  readonly hasty: readonly Hasty[];
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
  /** For a while, this often, what its engine answers is lost, late, or that it does not know. */
  spoilAnswers(member: RunnerMember, how: keyof Answers, probability: number, ms: number): void;
  /** As a crash, and with the process go what runs on its machine and what was not on the disk yet. */
  cutPower(member: RunnerMember, options: { readonly points: number; readonly downMs: number }): void;
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
  readonly runners: Runners;
}

export function createNode({ world, db, wiring, isLogged, runners }: NodeOptions): Node {
  const haste = createHasteWatch({ world, takeoverAfterMs: TAKEOVER_AFTER_S * 1_000 });
  const server = haste.over(createNatsServer(world));
  const store = storeOn(db);
  const committed: StoredEvent[] = [];
  const cut = new Set<string>();
  const random = world.random.fork();
  let failures = 0;
  let troubles = 0;
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
  const members = RUNNER_MEMBERS.slice(0, runners);
  const sites = members.map((_member, index) =>
    createSite({
      world,
      epochMs: EPOCH_MS,
      number: index + 1,
      behaviour,
      results: disk,
      syncsMarks: wiring.syncsMarks,
      onStart: (labels) => {
        watch.started(index + 1, labels);
        haste.started(labels);
      },
    }),
  );
  const newJobId = () => (jobs += 1).toString(16).padStart(32, '0') as JobId;

  const watch = createOverlapWatch({
    world,
    runners,
    machine: (index) => sites[index]?.machine,
    lifeBegan: (index) => homes[index]?.runner.began(),
    lastTroubleAt: () => (troubles > 0 ? Number.POSITIVE_INFINITY : lastTroubleAt),
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
    runner: (site: Site, process: Process): Promise<Runner> => {
      const { machine, disk: ownDisk, runnerId } = site;
      const trouble = { engineFailures: () => failures, answers: () => site.answers };
      return startRunner({
        process,
        dial: dialler(network, process),
        wireOwnership: wiring.ownership,
        settings: { id: runnerId, environment: ENVIRONMENT, maxJobs: MAX_JOBS },
        ports: wiring.ports({
          engine: createSimulatedEngine(machine, carrier({ world, process, machine }, trouble)),
          results: resultsOn(ownDisk, process, world),
          marks: marksOn(ownDisk, process),
        }),
      });
    },
  } as const;

  const life = { world, epochMs: EPOCH_MS, isLogged };
  const gateway = createLives<Gateway>({ ...life, name: 'gateway', start: bringUp.gateway });
  const homes = members.map((name, index) => {
    const site = sites[index];
    if (!site) throw new RangeError('each runner has a machine');
    const runner = createLives<Runner>({ ...life, name, start: (process) => bringUp.runner(site, process) });
    return { name, site, runner };
  });
  /** The first one, where there is only one. */
  const homeOf = (member: RunnerMember) => {
    const home = homes.find(({ name }) => name === member) ?? homes[0];
    if (!home) throw new RangeError('a node has at least one runner');
    return home;
  };
  const memberOf = (member: Member) => (member === 'gateway' ? gateway : homeOf(member).runner);
  const nameOf = (member: Member): Member => (member === 'gateway' ? member : homeOf(member).name);

  const troubled = (ms: number, onOver: () => void) => {
    troubles += 1;
    world.after(ms, () => {
      onOver();
      troubles -= 1;
      lastTroubleAt = world.now();
    });
  };
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
    hasty: haste.found,
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
    spoilAnswers(member, how, probability, ms) {
      const { name, site } = homeOf(member);
      world.note(name, `${Math.round(probability * 100)} % of its engine's answers are ${how} for ${ms} ms`);
      const spoilt = { ...GOOD_ANSWERS, [how]: probability };
      site.answers = spoilt;
      troubled(ms, () => {
        if (site.answers === spoilt) site.answers = GOOD_ANSWERS;
      });
    },
    cutPower(member, { points, downMs }) {
      const { name, site, runner } = homeOf(member);
      const onDeath = () => {
        world.note(name, 'its machine has no power');
        if (site.machine.isUp()) world.after(downMs, () => site.machine.rise());
        site.machine.fall();
        losePower(site.disk, world.now());
      };
      runner.crash({ points, downMs, onDeath });
    },
    loseContainer: (member) => homeOf(member).site.machine.loseOne(),
    wipeRunner(member, downMs) {
      const { site, runner } = homeOf(member);
      runner.crash({ points: 0, downMs });
      runner.life().process.kill('its machine is made anew');
      site.machine.wipe();
      for (const notes of [site.disk.marks, site.disk.ends]) notes.clear();
      site.disk.unsynced.length = 0;
    },
    trouble(probability, ms) {
      world.note('world', `${Math.round(probability * 100)} % of calls fail for ${ms} ms`);
      failures = probability;
      troubled(ms, () => {
        failures = 0;
      });
    },
    heal() {
      world.note('world', 'heals');
      failures = 0;
      for (const { name, site, runner } of homes) {
        if (cut.delete(name)) loseConnections(name);
        if (!site.machine.isUp()) site.machine.rise();
        site.answers = GOOD_ANSWERS;
        runner.revive();
      }
      if (cut.delete('gateway')) loseConnections('gateway');
      gateway.revive();
      if (!server.isUp()) server.rise();
    },
  };
}
