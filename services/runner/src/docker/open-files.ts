/**
 * What the processes of a container keep open on a disk without a name, which no folder shows: files that were removed while they are open.
 * It is seen where the engine is on this machine, and its processes may be looked at.
 */
import { stat } from 'node:fs/promises';
import { ENTRY_BYTES } from './disk-usage.ts';
import type { Room } from './ports/volumes.ts';
import { openFilesOf, unlessGone } from './open-tables.ts';

/** More than a job that means well has. Each process counts its own, also those that it has from its parent. */
export const MAX_OPEN_FILES = 100_000;
/** Of one look, but for `most`. What is left then is looked at the next time. */
const BOUNDS = { files: 20_000, ms: 500, most: MAX_OPEN_FILES };
const BLOCK_BYTES = 512;

export interface OpenFiles {
  /**
   * Room without a name, on the disks of these devices; none where none can be seen. `isBeyond` once there are more open files than are
   * ever looked at. Once `signal` aborts, which is the same for all looks at a container, nothing is kept of them.
   */
  roomOf(
    containerId: string,
    devices: ReadonlySet<number>,
    signal: AbortSignal,
  ): Promise<Room & { readonly isBeyond: boolean }>;
}

/** One after the other, all open files that there were at a time, in as many looks as that takes. */
interface Round {
  readonly parts: AsyncGenerator<readonly string[]>;
  /** Bytes of each. Several processes may have the same one. */
  readonly nameless: Map<string, number>;
  seen: number;
  /** Forgets it, and closes what it has open. */
  readonly end: () => void;
}

export function createOpenFiles(proc = '/proc', bounds = BOUNDS): OpenFiles {
  const rounds = new Map<string, Round>();

  const begin = (containerId: string, signal: AbortSignal): Round => {
    const parts = openFilesOf(proc, containerId);
    const end = () => {
      signal.removeEventListener('abort', end);
      rounds.delete(containerId);
      parts.return(undefined).catch(() => undefined);
    };
    signal.addEventListener('abort', end);
    const round = { parts, nameless: new Map<string, number>(), seen: 0, end };
    rounds.set(containerId, round);
    return round;
  };

  return {
    async roomOf(containerId, devices, signal) {
      signal.throwIfAborted();
      const round = rounds.get(containerId) ?? begin(containerId, signal);
      const last = round.seen + bounds.files;
      const until = performance.now() + bounds.ms;
      do {
        const { value: links, done } = await round.parts.next();
        signal.throwIfAborted();
        if (done) {
          round.end();
          break;
        }
        round.seen += links.length;
        await measure(links, devices, round.nameless);
      } while (round.seen < last && round.seen <= bounds.most && performance.now() < until);
      const bytes = [...round.nameless.values()].reduce((sum, one) => sum + one, 0);
      return { bytes, files: round.nameless.size, isBeyond: round.seen > bounds.most };
    },
  };
}

/** Empty ones and folders, too: each takes an inode. */
async function measure(links: readonly string[], devices: ReadonlySet<number>, nameless: Map<string, number>) {
  await Promise.all(
    links.map(async (link) => {
      const found = await unlessGone(stat(link), undefined);
      if (found?.nlink !== 0 || !devices.has(found.dev)) return;
      nameless.set(`${found.dev}:${found.ino}`, ENTRY_BYTES + found.blocks * BLOCK_BYTES);
    }),
  );
}
