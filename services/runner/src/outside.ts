/** The world outside of the runner as its parts see it, each behind a port: engine, disks, network, machine. */
import { join } from 'node:path';
import type { Clock } from '@capstan/shared/clock';
import type { Config } from '@capstan/shared/config/schema';
import type { Log } from '@capstan/shared/log';
import { createDockerEngine } from './docker/dockerode.ts';
import type { Engine } from './docker/engine.ts';
import { createFetcher, type Fetcher } from './fetch/fetcher.ts';
import type { OwnNode } from './fetch/sealed-files.ts';
import type { Machine } from './limits.ts';
import { readMachine } from './machine.ts';
import { createStartMarks, type StartMarks } from './pipeline/start-marks.ts';
import { createResultsFolder } from './results/folder.ts';
import type { Results } from './results/results.ts';

export interface Outside {
  readonly engine: Engine;
  readonly results: Results;
  readonly marks: StartMarks;
  readonly fetcher: Fetcher;
  readMachine(): Promise<Machine>;
}

interface OutsideOptions {
  readonly settings: Config['runner'];
  readonly chains: Config['chains'];
  readonly own: OwnNode;
  readonly paths: {
    readonly data: string;
    readonly results: string;
    readonly catalogue: string;
    readonly scratch: string;
  };
  readonly clock: Clock;
  readonly log: Log;
}

export function createOutside({ settings, chains, own, paths, clock, log }: OutsideOptions): Outside {
  const { catalogue: catalogueDir, scratch: scratchDir } = paths;
  return {
    engine: createDockerEngine(settings.dockerSocket),
    results: createResultsFolder(paths.results),
    marks: createStartMarks(join(scratchDir, 'starts')),
    fetcher: createFetcher({ limits: settings.fetch, chains, key: own.key, clock, catalogueDir, scratchDir, log }),
    readMachine: () => readMachine(paths.data),
  };
}
