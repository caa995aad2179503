/** Whether there is disk enough for another job. Looked at regularly, since anybody may fill a disk, and whenever a job has ended. */
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { createWake } from '@capstan/shared/runtime/wake';
import type { DiskUse } from '../images/eviction.ts';

export interface DiskWatch extends Service {
  /** Why no job may begin, in words for its owner; undefined if it may. */
  shortage(): string | undefined;
  /** Something has changed. */
  wake(): void;
}

interface Disk {
  /** For the operator. */
  readonly name: string;
  readonly read: () => Promise<DiskUse>;
}

interface DiskWatchOptions {
  readonly disks: readonly Disk[];
  readonly minFreeBytes: number;
  readonly onChange: () => void;
  readonly log: Log;
}

const INTERVAL_MS = 5_000;
/** Where a disk takes fewer, no job begins. */
const MIN_FREE_FILES = 10_000;
/** Of a small disk, this share of all that it can take. */
const MIN_FREE_FILES_SHARE = 0.02;
const SHORTAGE = 'The disk of the node is too full for another job. It begins when there is space again.';

export function createDiskWatch({ disks, minFreeBytes, onChange, log }: DiskWatchOptions): DiskWatch {
  let isShort = false;
  let timer: NodeJS.Timeout | undefined;

  const isFull = async ({ name, read }: Disk) => {
    const use = await read();
    const { freeBytes, freeFiles } = use;
    if (!isTooFull(use, minFreeBytes)) return false;
    const facts = { disk: name, freeBytes, minFreeBytes, freeFiles };
    if (!isShort) log.error(facts, 'a disk is too full: no job begins until there is space');
    return true;
  };

  const look = async () => {
    const full = await Promise.all(disks.map(isFull));
    const before = isShort;
    isShort = full.includes(true);
    if (isShort === before) return;
    if (!isShort) log.info('there is space on the disks again');
    onChange();
  };
  const looking = createWake(look, (error) => log.warn({ problem: messageOf(error) }, 'could not look at the disks'));

  return {
    name: 'disk watch',
    async start() {
      looking.wake();
      timer = setInterval(() => looking.wake(), INTERVAL_MS);
      await looking.idle();
    },
    async stop() {
      clearInterval(timer);
      await looking.idle();
    },
    shortage: () => (isShort ? SHORTAGE : undefined),
    wake: () => looking.wake(),
  };
}

export const isTooFull = (use: DiskUse, minFreeBytes: number): boolean =>
  use.freeBytes < minFreeBytes || isShortOfFiles(use);

/** Exported for tests. */
export function isShortOfFiles({ totalFiles, freeFiles }: DiskUse): boolean {
  if (totalFiles === undefined || freeFiles === undefined) return false;
  return freeFiles < Math.min(MIN_FREE_FILES, totalFiles * MIN_FREE_FILES_SHARE);
}
