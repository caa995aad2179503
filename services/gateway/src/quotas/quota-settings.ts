/** Quotas as the configuration has them, and what follows from the machine where it says nothing. */
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '@capstan/shared/config/schema';
import { GB, MB } from '@capstan/shared/contract/sizes';
import type { Quotas } from './quotas.ts';

type Settings = Config['gateway']['quotas'];

/** The rest is for the store, images, and jobs that run. */
const SHARE_OF_DISK = 1 / 2;

export const quotasOf = (settings: Settings, results: Config['results'], resultsFolder: string): Quotas => ({
  jobsPerAddress: settings.waitingJobsPerAddress,
  bytesPerAddress: settings.waitingPerAddressMB * MB,
  jobs: settings.waitingJobs,
  bytes: settings.waitingMB * MB,
  keptBytes: keptBytesOf(settings, results, resultsFolder),
});

/** Undefined where results lie elsewhere, and nobody said how much room there is. */
function keptBytesOf({ keptResultsGB }: Settings, { kind }: Config['results'], folder: string): number | undefined {
  if (keptResultsGB !== undefined) return keptResultsGB * GB;
  if (kind !== 'folder') return undefined;
  const { blocks, bsize } = statfsSync(nearest(folder));
  return blocks * bsize * SHARE_OF_DISK;
}

/** The folder, or the one that is there of those that it will lie in: on a first start none of its own is. */
function nearest(folder: string): string {
  const above = dirname(folder);
  return above === folder || existsSync(folder) ? folder : nearest(above);
}
