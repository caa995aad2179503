/** The world outside of the runner as its parts see it, each behind a port: engine, disks, network, machine. */
import { join } from 'node:path';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';
import type { Log } from '@capstan/shared/runtime/log';
import { createObjects } from '@capstan/shared/results/create';
import { createCheckNotes, type CheckNotes } from './files/check-notes.ts';
import { createDockerEngine } from './docker/docker-engine.ts';
import type { Engine } from './docker/engine.ts';
import { createEgressImage, type EgressImage } from './egress/image.ts';
import { createFetcher, type Fetcher } from './fetch/fetcher.ts';
import { createFileSender, type FileSender } from './files/file-sender.ts';
import type { OpenResult } from './fetch/openers.ts';
import type { OwnNode } from './fetch/sealed-files.ts';
import type { DiskUse } from './images/eviction.ts';
import { createImageNotes, type ImageNotes } from './images/notes.ts';
import type { Machine } from './environments/limits.ts';
import { createCaptures, type Captures } from './logs/captures.ts';
import { createEngineDisk, readDisk, readMachine } from './host/machine.ts';
import { logLimitsOf } from './pipeline/attempt.ts';
import { createStartMarks, type StartMarks } from './pipeline/start-marks.ts';
import { createStepNotes, type StepNotes } from './pipeline/step-notes.ts';
import { createUncleared, type Uncleared } from './pipeline/uncleared.ts';
import { createResultsFolder } from './results/folder.ts';
import { createRemoteResults } from './results/remote.ts';
import type { Results, Run } from './results/results.ts';
import { removeStaleDrafts } from './results/stale-drafts.ts';

export interface RunnerPorts {
  readonly engine: Engine;
  readonly results: Results;
  readonly marks: StartMarks;
  readonly notes: StepNotes;
  readonly checkNotes: CheckNotes;
  readonly uncleared: Uncleared;
  readonly captures: Captures;
  readonly fetcher: Fetcher;
  readonly sender: FileSender;
  readonly egress: EgressImage;
  readonly imageNotes: ImageNotes;
  readMachine(): Promise<Machine>;
  /** Results that were half written, but for those that somebody works on. */
  removeStaleDrafts(isAtWork: (run: Run) => boolean): Promise<void>;
  readDataDisk(): Promise<DiskUse>;
  /** The disk that holds images and containers. */
  readEngineDisk(): Promise<DiskUse>;
}

interface PortsOptions {
  readonly settings: Config['runner'];
  readonly chains: Config['chains'];
  readonly keeping: Config['results'];
  readonly own: OwnNode;
  readonly paths: {
    readonly data: string;
    readonly results: string;
    readonly logs: string;
    readonly catalogue: string;
    readonly scratch: string;
  };
  readonly clock: Clock;
  readonly log: Log;
}

export function createPorts({ settings, chains, keeping, own, paths, clock, log }: PortsOptions): RunnerPorts {
  const { catalogue: catalogueDir, scratch: scratchDir } = paths;
  const engine = createDockerEngine(settings.dockerSocket, settings);
  const results = createResults(keeping, paths.results);
  const openResult: OpenResult = ({ jobId, run, index }, signal) => results.open({ jobId, run }, index, signal);
  const fetcher = createFetcher({
    limits: settings.fetch,
    deny: settings.egress.deny,
    chains,
    key: own.key,
    clock,
    catalogueDir,
    scratchDir,
    openResult,
    log,
  });
  return {
    engine,
    results,
    marks: createStartMarks(join(scratchDir, 'starts')),
    notes: createStepNotes(join(scratchDir, 'steps'), log),
    checkNotes: createCheckNotes(join(scratchDir, 'file-checks')),
    uncleared: createUncleared(join(scratchDir, 'uncleared'), log),
    captures: createCaptures({ dir: paths.logs, engine, limits: logLimitsOf(settings) }),
    fetcher,
    sender: createFileSender({ settings, fetcher, own, clock, log }),
    egress: createEgressImage(engine, own.key),
    imageNotes: createImageNotes(join(paths.data, 'images.json')),
    readMachine: () => readMachine(paths.data),
    async removeStaleDrafts(isAtWork) {
      const removed = await removeStaleDrafts(paths.results, { isAtWork, now: clock.now() });
      if (removed > 0) log.info({ removed }, 'cleared away results that were half written');
    },
    readDataDisk: () => readDisk(paths.data),
    readEngineDisk: createEngineDisk({ engine, configured: settings.images.engineRoot, dataDir: paths.data }),
  };
}

function createResults(keeping: Config['results'], dir: string): Results {
  const objects = createObjects(keeping);
  const { uploadRetries } = keeping;
  return objects ? createRemoteResults({ objects, dir, uploadRetries }) : createResultsFolder(dir);
}
