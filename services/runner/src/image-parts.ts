/** Puts together what has to do with images: who pulls them, who keeps them, and who judges them. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { createWake } from '@capstan/shared/runtime/wake';
import type { Service } from '@capstan/shared/runtime/service';
import { GB } from '@capstan/shared/contract/sizes';
import { createImages, type Images } from './images/images.ts';
import { isTooFull } from './host/free-disk.ts';
import { createImageCache, type ImageCache } from './images/image-cache.ts';
import { createSharedPulls } from './images/shared-pulls.ts';
import type { RunnerPorts } from './ports.ts';
import { createUserFiles, type UserFiles } from './pipeline/steps/user-files.ts';

interface ImageOptions {
  readonly settings: Config['runner'];
  readonly ports: RunnerPorts;
  readonly clock: Clock;
  readonly upkeep: Pick<Upkeep, 'paced'>;
  readonly log: Log;
  /** Aborts when the runner stops. */
  readonly signal: AbortSignal;
}

export interface ImageParts {
  readonly judges: { readonly images: Images; readonly userFiles: UserFiles };
  readonly cache: ImageCache;
  readonly service: Service;
}

export function createImageParts({ settings, ports, clock, upkeep, log, signal }: ImageOptions): ImageParts {
  const { engine, imageNotes: notes, readEngineDisk: readDisk } = ports;
  const {
    evictAbovePercent: abovePercent,
    evictBelowPercent: belowPercent,
    stallTimeoutS,
    maxImageGB,
  } = settings.images;
  const cache = createImageCache({
    engine,
    notes,
    readDisk,
    watermarks: { abovePercent, belowPercent: Math.min(belowPercent, abovePercent) },
    clock,
    upkeep,
    log,
    signal,
  });
  const pulls = createSharedPulls({
    engine,
    limits: { timeoutS: settings.pullTimeoutS, stallTimeoutS, maxBytes: maxImageGB * GB },
    isDiskFull: async () => isTooFull(await readDisk(), settings.minFreeDiskGB * GB),
    log,
  });
  const images = createImages({
    engine,
    pulls,
    cache,
    settings: settings.images,
    registries: settings.registries,
    log,
  });
  const tidyingEgress = createWake(
    async () => {
      const removed = await ports.egress.tidy(signal);
      if (removed.length > 0) log.info({ images: removed }, 'removed images that this node made before');
    },
    (error) => log.warn({ problem: messageOf(error) }, 'could not look for images that this node made before'),
  );
  return {
    judges: { images, userFiles: createUserFiles() },
    cache,
    /** At its start: images of jobs, and what earlier versions of this node made for their networks. */
    service: {
      name: 'images',
      start() {
        cache.wake();
        tidyingEgress.wake();
        return Promise.resolve();
      },
      async stop() {
        await tidyingEgress.idle();
        await cache.idle();
      },
    },
  };
}
