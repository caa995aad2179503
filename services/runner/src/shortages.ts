/** Why no job may begin for now: the engine is away, a disk is too full, or the engine has no room for what was begun. */
import type { Config } from '@capstan/shared/config/schema';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { GB } from '@capstan/shared/contract/sizes';
import { createEngineWatch } from './host/engine-watch.ts';
import { createDiskWatch, isTooFull } from './host/free-disk.ts';
import { createEngineRoom, type EngineRoom } from './pipeline/engine-room.ts';
import { troublesOf } from './pipeline/uncleared.ts';
import type { RunnerPorts } from './ports.ts';
import { isBegun } from './worker/run-entry.ts';
import type { RunRegistry } from './worker/run-registry.ts';

export interface Shortages {
  /** What looks out for them. */
  readonly watches: readonly Service[];
  /** Where runs wait for room in the engine. */
  readonly room: EngineRoom;
  /** In words for the owner of a job; undefined if jobs may begin. */
  shortage(): string | undefined;
  /** What a person must act on, in words. */
  troubles(): readonly string[];
  /** A job has left, and with it what it had on the disks. */
  lookAgain(): void;
}

interface ShortagesOptions {
  readonly settings: Pick<Config['runner'], 'minFreeDiskGB'>;
  readonly ports: Pick<RunnerPorts, 'engine' | 'readDataDisk' | 'readEngineDisk' | 'uncleared'>;
  readonly runs: Pick<RunRegistry, 'all'>;
  /** Removes all images that nobody uses; resolves to whether one went. */
  readonly letGo: () => Promise<boolean>;
  readonly onChange: () => void;
  readonly log: Log;
}

export function createShortages({ settings, ports, runs, letGo, onChange, log }: ShortagesOptions): Shortages {
  const minFreeBytes = settings.minFreeDiskGB * GB;
  const disks = createDiskWatch({
    disks: [
      { name: 'data folder', read: () => ports.readDataDisk() },
      { name: 'container engine', read: () => ports.readEngineDisk() },
    ],
    minFreeBytes,
    onChange,
    log,
  });
  const presence = createEngineWatch({ engine: ports.engine, onChange, log });
  const room = createEngineRoom({
    inHand: () =>
      runs
        .all()
        .filter(isBegun)
        .map(({ jobId }) => jobId),
    async readDisk() {
      const disk = await ports.readEngineDisk();
      return { freeBytes: disk.freeBytes, isFull: isTooFull(disk, minFreeBytes) };
    },
    letGo,
    onChange,
  });
  return {
    watches: [disks, presence],
    room,
    shortage: () => presence.absence() ?? disks.shortage() ?? room.shortage(),
    troubles: () => [...[presence.absence() ?? []].flat(), ...troublesOf(ports.uncleared.count())],
    lookAgain: disks.wake,
  };
}
