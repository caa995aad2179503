/** One life of a runner: the production one, in a simulated process, on a simulated machine. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBus } from '@capstan/shared/bus/connect';
import { loadConfig } from '@capstan/shared/config/load';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import type { Fetcher } from '../../../services/runner/src/fetch/fetcher.ts';
import type { FileSender } from '../../../services/runner/src/files/file-sender.ts';
import type { RunnerPorts } from '../../../services/runner/src/ports.ts';
import { createRunner } from '../../../services/runner/src/runner.ts';
import type { StartOwnership } from '../../../services/runner/src/worker/start-ownership.ts';
import type { Uncleared } from '../../../services/runner/src/pipeline/uncleared.ts';
import type { StepNotes } from '../../../services/runner/src/pipeline/step-notes.ts';
import { simulatedCaptures } from '../engine/captures.ts';
import type { Dial } from '../nats/client.ts';
import type { Process } from '../world/process.ts';

export interface Runner {
  /** As at a SIGTERM. */
  shutDown(): Promise<void>;
}

export interface RunnerSettings {
  readonly id: string;
  readonly environment: string;
  readonly maxJobs: number;
}

export interface RunnerOptions {
  readonly process: Process;
  readonly dial: Dial;
  readonly settings: RunnerSettings;
  readonly ports: Pick<RunnerPorts, 'engine' | 'results' | 'marks'>;
  readonly wireOwnership: (ownership: StartOwnership) => StartOwnership;
}

const OWN = {
  key: nodeKeyFrom('22'.repeat(32)),
  publicUrl: 'https://here.example',
  listensAt: 'http://127.0.0.1:8030',
  allowUnboundFiles: false,
};
const MACHINE = {
  cpuModel: 'simulated',
  cpus: 4,
  memoryBytes: 8e9,
  diskBytes: 100e9,
  freeDiskBytes: 50e9,
  freeFiles: undefined,
};

const NO_NOTES: StepNotes = {
  takeStock: () => Promise.resolve(),
  judge: () => 'with-others',
  isFollowed: () => true,
  started: () => Promise.resolve(),
  enter: () => Promise.resolve(),
  leave: () => Promise.resolve(),
  pass: () => Promise.resolve(),
  bury: () => Promise.resolve(),
};

/** The engine of the simulation refuses no removal. */
const NOTHING_UNCLEARED: Uncleared = {
  isOver: () => Promise.resolve(false),
  note: () => Promise.resolve(),
  forget: () => Promise.resolve(),
  over: () => Promise.resolve([]),
  count: () => 0,
};

/** Nothing is downloaded here, and a port of the machine would outlive the simulated process. */
const NO_SENDER: FileSender = {
  name: 'file sender',
  ticketFor: () => ({ v: 1, problem: 'closed' }),
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

/** Longer than most algorithms of the simulation run, so that now and then one is stopped. */
const MAX_DURATION_S = 20;
/** Short, so that it comes to it. */
export const TAKEOVER_AFTER_S = 6;

export async function startRunner({ process, dial, settings, ports, wireOwnership }: RunnerOptions): Promise<Runner> {
  const { clock, log } = process;
  const runner = createRunner({
    // A machine's own, whatever the runner is called.
    identity: { id: settings.id, former: [], node: settings.id, unmarked: [] },
    bus: createBus({ nats: { servers: ['simulated'] }, name: process.name, log, dial }),
    settings: settingsOf(settings),
    own: OWN,
    // Two processes under one id are for tests with a real server, which knows who listens.
    claim: {
      // Each life is another instance.
      self: { runnerId: settings.id, instance: `${process.name} ${clock.now()} ${Math.random()}`, since: clock.now() },
      held: () => Promise.resolve(),
      sure: () => Promise.resolve(),
    },
    ports: {
      ...ports,
      // Here it is the world that kills runners, and no job's fault.
      notes: NO_NOTES,
      uncleared: NOTHING_UNCLEARED,
      checkNotes: { during: (_asset, work) => work() },
      captures: simulatedCaptures(ports.engine),
      fetcher: fetcherOf(process),
      sender: NO_SENDER,
      egress: { ensure: () => Promise.resolve('egress'), tidy: () => Promise.resolve([]) },
      imageNotes: { read: () => Promise.resolve([]), write: () => Promise.resolve() },
      readMachine: () => Promise.resolve(MACHINE),
      removeStaleDrafts: () => Promise.resolve(),
      readDataDisk: () => Promise.resolve({ totalBytes: MACHINE.diskBytes, freeBytes: MACHINE.freeDiskBytes }),
      readEngineDisk: () => Promise.resolve({ totalBytes: MACHINE.diskBytes, freeBytes: MACHINE.freeDiskBytes }),
    },
    wireOwnership,
    clock,
    log,
  });
  await runner.start();
  return { shutDown: () => runner.stop() };
}

function settingsOf({ id, environment, maxJobs }: RunnerSettings) {
  const environments = [{ id: environment, maxJobs, maxJobDurationS: MAX_DURATION_S }];
  return loadConfig(
    {
      CAPSTAN_RUNNER_ID: id,
      CAPSTAN_RUNNER_IMAGES_LOCAL: '**',
      CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify(environments),
      CAPSTAN_RUNNER_TAKEOVER_AFTER_S: String(TAKEOVER_AFTER_S),
    },
    '/nowhere',
  ).runner;
}

function fetcherOf(process: Process): Fetcher {
  return {
    async fetchInto(_wanted, sink, signal) {
      await process.call('fetching a file', () => undefined, { signal });
      await pipeline(Readable.from([Buffer.from('data')]), sink(4), { signal });
      return true;
    },
    openOnce: async (_file, _userdata, signal) => {
      await process.call('opening a file', () => undefined, { signal });
      return { sizeBytes: 4, body: Readable.from([Buffer.from('data')]) };
    },
    countOf: (_held, signal) => process.call('counting files', () => 1, { signal }),
    close: () => Promise.resolve(),
  };
}
