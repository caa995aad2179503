/** A tar archive that is written while it is read, so that no input has to fit into memory or onto the disk first. */
import type { Readable } from 'node:stream';
import { pack, type Pack } from 'tar-stream';
import type { Sink } from '../fetch/fetcher.ts';

export interface Archive {
  /** What the engine reads. */
  readonly stream: Readable;
  folder(name: string, owner?: number, mode?: number): void;
  link(name: string, target: string, owner: number): void;
  text(name: string, content: string, mode?: number): Promise<void>;
  /** A sink for one file, which must be filled before the next entry. */
  file(name: string, mode?: number): Sink;
  end(): void;
  fail(error: Error): void;
}

const READ_ONLY = 0o444;
const FOLDER = 0o755;
/** Everybody may add to it, and remove their own. */
export const SHARED_FOLDER = 0o1777;

export function createArchive(): Archive {
  const packed: Pack = pack();
  // Whoever waits for an entry hears of it there.
  packed.on('error', () => undefined);
  return {
    stream: packed as unknown as Readable,
    folder(name, owner = 0, mode = FOLDER) {
      packed.entry({ name: `${name}/`, type: 'directory', mode, uid: owner, gid: owner });
    },
    link(name, target, owner) {
      packed.entry({ name, type: 'symlink', linkname: target, uid: owner, gid: owner });
    },
    text: (name, content, mode = READ_ONLY) =>
      new Promise((resolve, reject) => {
        packed.entry({ name, mode }, content, (error) => (error ? reject(error) : resolve()));
      }),
    file:
      (name, mode = READ_ONLY) =>
      (sizeBytes) =>
        packed.entry({ name, mode, size: sizeBytes }),
    end: () => packed.finalize(),
    fail: (error) => packed.destroy(error),
  };
}
