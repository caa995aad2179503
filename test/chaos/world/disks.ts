/** Small disks below the node's folders, to be filled to the last byte; none where nothing can be mounted. */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '@capstan/shared/contract/errors';
import { mountSmallDisk, whyNoSmallDisk } from '../../support/small-disk.ts';

export type DiskName = 'results' | 'store' | 'engine';

export interface Disks extends AsyncDisposable {
  /** Why there are none. */
  readonly whyNot: string | undefined;
  fill(name: DiskName): Promise<void>;
  free(name: DiskName): Promise<void>;
}

const SIZES_MB: Readonly<Record<DiskName, number>> = { results: 400, store: 100, engine: 1_500 };
const FILLER = 'filler';

export async function mountDisks(paths: Readonly<Record<DiskName, string>>, trialDir: string): Promise<Disks> {
  const whyNot = await whyNoSmallDisk(trialDir);
  await using mounted = new AsyncDisposableStack();
  if (whyNot === undefined)
    for (const name of ['results', 'store', 'engine'] as const)
      mounted.use(await mountSmallDisk(paths[name], SIZES_MB[name]));
  const kept = mounted.move();
  return {
    whyNot,
    async fill(name) {
      await using file = await open(join(paths[name], FILLER), 'w');
      // In ever smaller pieces, to the last block.
      for (let bytes = 4_194_304; bytes >= 4_096; bytes /= 2) await writeUntilFull(file, Buffer.alloc(bytes));
      await file.sync();
    },
    free: (name) => rm(join(paths[name], FILLER), { force: true }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function writeUntilFull(file: FileHandle, piece: Buffer): Promise<void> {
  try {
    for (;;) if ((await file.write(piece)).bytesWritten < piece.length) return;
  } catch (error) {
    if (systemCode(error) !== 'ENOSPC') throw error;
  }
}
