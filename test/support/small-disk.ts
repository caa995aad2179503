/** A small disk of one's own, to fill: a file system in a file, mounted. Only root can. */
import { execFile } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
}

/** `inodes`: how many files and folders it takes, if not as many as is usual. */
export async function mountSmallDisk(path: string, sizeMB: number, inodes?: number): Promise<SmallDisk> {
  const file = `${path}.img`;
  await mkdir(path, { recursive: true });
  await using handle = await open(file, 'w');
  await handle.truncate(sizeMB * 1_000_000);
  await run('mkfs.ext4', ['-q', '-m', '0', ...(inodes === undefined ? [] : ['-N', String(inodes)]), '-F', file]);
  await run('mount', ['-o', 'loop', file, path]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await run('umount', ['-R', '-l', path]);
    },
  };
}

/** Why this machine can't have one; undefined if it can. */
export async function whyNoSmallDisk(dir: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root may mount';
  try {
    const disk = await mountSmallDisk(`${dir}/trial`, 8);
    await disk[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    return `nothing can be mounted here (${error instanceof Error ? error.message : String(error)})`;
  }
}
