/** Inodes: a disk without any takes no file, however many bytes are free. */
import { statfs } from 'node:fs/promises';
import { bad, ok, warn, type Finding } from './finding.ts';

const FEW = 10_000;
const LOW_SHARE = 0.05;

/** Nothing for file systems that make them as they need them, and for folders that are not to be seen. */
export async function checkInodes(about: string, path: string): Promise<readonly Finding[]> {
  const disk = await statfs(path).catch(() => undefined);
  return disk && disk.files > 0 ? [judgeInodes(about, path, { free: disk.ffree, all: disk.files })] : [];
}

export function judgeInodes(
  about: string,
  path: string,
  { free, all }: { readonly free: number; readonly all: number },
): Finding {
  const text = `${free} of ${all} inodes are free in ${path}`;
  const remedy =
    'remove what has many small files (docker system df, du --inodes), or take a file system made with more';
  if (free < FEW) return bad(about, `${text}: soon no file can be made`, remedy);
  return free < all * LOW_SHARE ? warn(about, text, remedy) : ok(about, text);
}
