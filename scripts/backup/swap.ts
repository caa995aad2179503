/**
 * Puts what was prepared in the place of what is there, as one act: every move is written down first, so that whoever comes after a
 * failure, or after a kill, undoes those that were made. Nothing is deleted.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RESTORE_JOURNAL } from '../../services/gateway/src/store/was-there.ts';
import { sync } from './files.ts';

export interface Move {
  readonly from: string;
  readonly to: string;
}

/** Makes the moves, in their order, or none of them. */
export async function swap(dataDir: string, moves: readonly Move[]): Promise<void> {
  const journal = join(dataDir, RESTORE_JOURNAL);
  await writeWhole(journal, JSON.stringify(moves));
  try {
    for (const { from, to } of moves) {
      await mkdir(dirname(to), { recursive: true, mode: 0o700 });
      await rename(from, to);
    }
    for (const folder of new Set(moves.flatMap(({ from, to }) => [dirname(from), dirname(to)]))) {
      if (existsSync(folder)) await sync(folder);
    }
  } catch (error) {
    await undo(moves);
    await rm(journal);
    throw error;
  }
  await rm(journal);
  await sync(dataDir);
}

/** Undoes what a restore left that was killed. Resolves to whether there was one. */
export async function undoUnfinished(dataDir: string): Promise<boolean> {
  const journal = join(dataDir, RESTORE_JOURNAL);
  if (!existsSync(journal)) return false;
  await undo(JSON.parse(await readFile(journal, 'utf8')) as readonly Move[]);
  await rm(journal);
  await sync(dataDir);
  return true;
}

/** A move was made if what it moved is at its end and no longer at its beginning. */
async function undo(moves: readonly Move[]): Promise<void> {
  for (const { from, to } of moves.toReversed()) {
    if (!existsSync(to) || existsSync(from)) continue;
    await mkdir(dirname(from), { recursive: true, mode: 0o700 });
    await rename(to, from);
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  {
    await using handle = await open(temporary, 'w', 0o600);
    await handle.writeFile(text);
    await handle.sync();
  }
  await rename(temporary, path);
  await sync(dirname(path));
}
