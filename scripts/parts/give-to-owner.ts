/** What root makes in a node's folder: it is given to whom the folder belongs to, for the node runs as that user and could not read it. */
import { lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '@capstan/shared/contract/errors';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Who a folder belongs to, if this process is root and that is somebody else: `undefined` where there is nothing to give away. */
export async function ownerToGiveTo(folder: string): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = (await lstat(folder).catch(ignoreAbsent)) ?? { uid: 0, gid: 0 };
  return uid === 0 ? undefined : { uid, gid };
}

/** Does the work, and then gives what it made at these paths to `owner`, also where it failed halfway. */
export async function givingTo<T>(
  owner: Owner | undefined,
  paths: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } finally {
    await giveTo(owner, paths);
  }
}

/** Gives what belongs to root at these paths, and below them, to `owner`. Links are given themselves, never what they lead to. */
export async function giveTo(owner: Owner | undefined, paths: readonly string[]): Promise<void> {
  if (owner === undefined) return;
  for (const path of paths) {
    const info = await lstat(path).catch(ignoreAbsent);
    if (info === undefined) continue;
    // A file of several names may be one of the system's.
    if (info.uid === 0 && (info.isDirectory() || info.nlink === 1)) await lchown(path, owner.uid, owner.gid);
    if (info.isDirectory())
      await giveTo(
        owner,
        (await readdir(path)).map((name) => join(path, name)),
      );
  }
}

function ignoreAbsent(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
  return undefined;
}
