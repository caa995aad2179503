/**
 * Brings back a backup: prepared beside what is there, checked where it lies, and swapped as one act. Until the swap nothing of the node
 * has changed, a swap that fails or is killed is undone, and nothing is deleted.
 */
import { copyFile, cp, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataPaths } from '@capstan/shared/config/process';
import { hasCode } from '@capstan/shared/contract/errors';
import { namesIn } from '@capstan/shared/runtime/names-in-folder';
import { nodeKeyFrom, OLD_KEYS, type NodeKey } from '@capstan/shared/crypto/node-key';
import { addressOf } from '../../services/gateway/src/identity.ts';
import { openStore } from '../../services/gateway/src/store/store.ts';
import { checkedContents, FOLDERS, requireWhole, STORE_FILE, type Contents } from './contents.ts';
import { giveTo, ownerToGiveTo } from '../parts/give-to-owner.ts';
import { isThere, stamp, sync } from './files.ts';
import { markRestored, type Marked } from './mark-restored.ts';
import { movesOf, planPlaces, type Place } from './places.ts';
import { swap, undoUnfinished } from './swap.ts';

interface Restore {
  readonly from: string;
  readonly paths: DataPaths;
  readonly dataDir: string;
  /** The key that the settings give, if they do: it is not ours to change. */
  readonly givenKey: NodeKey | undefined;
  /** Whether what is there may be moved aside. */
  readonly mayReplace: boolean;
  readonly now: Date;
}

export interface Restored {
  readonly contents: Contents;
  /** Where what was there is now. */
  readonly movedTo: readonly string[];
  readonly marked: Marked;
}

export async function restoreBackup(restore: Restore): Promise<Restored> {
  const { from, paths, dataDir, givenKey, mayReplace, now } = restore;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await undoUnfinished(dataDir);
  const contents = await checkedContents(from);
  await requireSameKey(from, givenKey);
  const hasStore = await isThere(paths.store);
  if (hasStore && !mayReplace) {
    throw new Error(
      `There is a node in ${dataDir} already. Give --replace to move what is there aside, and have the backup in its place.`,
    );
  }
  if (hasStore) requireUnused(paths.store);

  const hasKey = givenKey === undefined && (await isThere(join(from, 'node.key')));
  const folders = FOLDERS.filter((name) => name !== 'results' || contents.hasResults);
  const places = await planPlaces(stamp(now), [
    { at: dirname(paths.store), isFolder: true },
    ...folders.map((name) => ({ at: paths[name], isFolder: true })),
    ...(hasKey ? [{ at: paths.nodeKey, isFolder: false }] : []),
    { at: join(dataDir, OLD_KEYS), isFolder: true },
    // Tokens of the time after the backup are not known to it: whoever has one asks for another.
    { at: paths.tokenKey, isFolder: false },
  ]);
  await removeStaged(places);
  const stagedAt = (at: string) => places.find((place) => place.at === at)?.staged ?? at;
  const store = join(stagedAt(dirname(paths.store)), 'capstan.db');
  try {
    for (const { staged } of places) await mkdir(dirname(staged), { recursive: true, mode: 0o700 });
    await mkdir(dirname(store), { recursive: true, mode: 0o700 });
    await copyFile(join(from, STORE_FILE), store);
    for (const name of folders) await copyFolder(join(from, name), stagedAt(paths[name]));
    await copyFolder(join(from, OLD_KEYS), stagedAt(join(dataDir, OLD_KEYS)));
    if (hasKey) await copyFile(join(from, 'node.key'), stagedAt(paths.nodeKey));
    await requireWhole(contents, {
      [STORE_FILE]: store,
      ...Object.fromEntries(folders.map((name) => [name, stagedAt(paths[name])])),
    });
    // Seen to be whole where the node will look for it, and safe to go on with.
    const marked = await markRestored(store, { replaced: hasStore ? paths.store : undefined, nowMs: now.getTime() });
    await sync(store);
    const owner = await ownerToGiveTo(dataDir);
    await giveTo(
      owner,
      places.map(({ staged }) => staged),
    );
    await swap(dataDir, await movesOf(places));
    await giveTo(
      owner,
      places.map(({ aside }) => dirname(aside)),
    );
    const moved = places.map(({ aside }) => dirname(aside));
    const movedTo: string[] = [];
    for (const each of new Set(moved)) if (await isThere(each)) movedTo.push(each);
    return { contents, movedTo, marked };
  } finally {
    await removeStaged(places);
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  if (await isThere(from)) await cp(from, to, { recursive: true });
}

/** Copies alone lie there, those of a restore that was killed as well. */
async function removeStaged(places: readonly Place[]): Promise<void> {
  for (const parent of new Set(places.map(({ staged }) => dirname(dirname(staged))))) {
    for (const name of (await namesIn(parent)).filter((each) => each.startsWith('.restore-'))) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}

/** What was encrypted to the backup's key, a node with another one can't open. */
async function requireSameKey(from: string, given: NodeKey | undefined): Promise<void> {
  const path = join(from, 'node.key');
  if (given === undefined || !(await isThere(path))) return;
  const backed = addressOf(nodeKeyFrom(await readFile(path, 'utf8')));
  if ([given, ...given.older()].some((key) => addressOf(key) === backed)) return;
  throw new Error(
    `The settings give this node the key of ${addressOf(given)}, and the backup is of ${backed}. Give it the key that is in the backup (node.key), then restore; docs/backup.md says how, for containers as well.`,
  );
}

/** A damaged store is what one restores for; one that a gateway holds is not to be taken from under it. */
function requireUnused(path: string): void {
  try {
    openStore(path).close();
  } catch (error) {
    if (!hasCode(error, 'STORE_UNAVAILABLE')) throw error;
  }
}
