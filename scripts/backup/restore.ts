/** Brings back a backup: checked first, what was there is moved aside, and nothing is deleted. */
import { copyFile, cp, mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DataPaths } from '@capstan/shared/config/process';
import { hasCode } from '@capstan/shared/errors';
import { openStore } from '../../services/gateway/src/store/store.ts';
import { isThere, stamp, sync } from './files.ts';
import { checkedContents, FOLDERS, KEYS, STORE_FILE, type Contents } from './contents.ts';

interface Restore {
  readonly from: string;
  readonly paths: DataPaths;
  readonly dataDir: string;
  /** Whether what is there may be moved aside. */
  readonly mayReplace: boolean;
  readonly now: Date;
}

export interface Restored {
  readonly contents: Contents;
  /** Where what was there is now. */
  readonly movedTo: string | undefined;
}

export async function restoreBackup({ from, paths, dataDir, mayReplace, now }: Restore): Promise<Restored> {
  const contents = await checkedContents(from);
  const wanted = [dirname(paths.store), ...KEYS.map((key) => join(dataDir, key)), paths.catalogue];
  if (contents.hasResults) wanted.push(paths.results);
  const present: string[] = [];
  for (const path of wanted) if (await isThere(path)) present.push(path);
  const hasStore = await isThere(paths.store);
  if (hasStore && !mayReplace) {
    throw new Error(
      `There is a node in ${dataDir} already. Give --replace to move what is there aside, and have the backup in its place.`,
    );
  }
  if (hasStore) requireUnused(paths.store);

  const movedTo = present.length === 0 ? undefined : join(dataDir, `before-restore-${stamp(now)}`);
  if (movedTo !== undefined) {
    await mkdir(movedTo, { mode: 0o700 });
    for (const path of present) await rename(path, join(movedTo, basename(path)));
  }
  await mkdir(dirname(paths.store), { recursive: true, mode: 0o700 });
  await copyFile(join(from, STORE_FILE), paths.store);
  for (const key of KEYS) if (await isThere(join(from, key))) await copyFile(join(from, key), join(dataDir, key));
  for (const folder of FOLDERS) {
    if (await isThere(join(from, folder))) await cp(join(from, folder), paths[folder], { recursive: true });
  }
  await sync(paths.store);
  // It was whole when it was saved; now it is seen to be whole where the node will look for it.
  openStore(paths.store).close();
  return { contents, movedTo };
}

/** A damaged store is what one restores for; one that a gateway holds is not to be taken from under it. */
function requireUnused(path: string): void {
  try {
    openStore(path).close();
  } catch (error) {
    if (!hasCode(error, 'STORE_UNAVAILABLE')) throw error;
  }
}
