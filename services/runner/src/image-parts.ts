/** Puts together what has to do with images: who pulls them, who keeps them, and who judges them. */
import type { Clock } from '@capstan/shared/clock';
import type { Config } from '@capstan/shared/config/schema';
import type { Log } from '@capstan/shared/log';
import { createImages } from './images/images.ts';
import { createImageKeeper } from './images/keeper.ts';
import { createSharedPulls } from './images/shared-pulls.ts';
import type { Outside } from './outside.ts';

const GB = 1_000_000_000;

interface ImageOptions {
  readonly settings: Config['runner'];
  readonly outside: Outside;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when the runner stops. */
  readonly signal: AbortSignal;
}

export function createImageParts({ settings, outside, clock, log, signal }: ImageOptions) {
  const { engine, imageNotes: notes, readEngineDisk: readDisk } = outside;
  const {
    evictAbovePercent: abovePercent,
    evictBelowPercent: belowPercent,
    stallTimeoutS,
    maxImageGB,
  } = settings.images;
  const keeper = createImageKeeper({
    engine,
    notes,
    readDisk,
    watermarks: { abovePercent, belowPercent: Math.min(belowPercent, abovePercent) },
    clock,
    log,
    signal,
  });
  const pulls = createSharedPulls({
    engine,
    limits: { timeoutS: settings.pullTimeoutS, stallTimeoutS, maxBytes: maxImageGB * GB },
    isDiskFull: async () => (await readDisk()).freeBytes < settings.minFreeDiskGB * GB,
    log,
  });
  const images = createImages({
    engine,
    pulls,
    keeper,
    settings: settings.images,
    registries: settings.registries,
    log,
  });
  return { keeper, images };
}
