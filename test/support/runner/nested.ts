/** Folders in folders, deeper than any path can say. */
import { constants } from 'node:fs';
import { mkdir, open, readdir, writeFile } from 'node:fs/promises';

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const at = (fd: number, name = '') => `/proc/self/fd/${fd}/${name}`;

/** So many levels below a folder, and a file in the last. */
export async function nest(path: string, levels: number): Promise<void> {
  let folder = await open(path, FOLDER);
  for (let level = 0; level < levels; level += 1) {
    await mkdir(at(folder.fd, 'a'));
    const inner = await open(at(folder.fd, 'a'), FOLDER);
    await folder.close();
    folder = inner;
  }
  await writeFile(at(folder.fd, 'bottom'), 'deep');
  await folder.close();
}

/** How many levels of folders there are below one, and how many folders and files in all. Links are not followed. */
export async function extentOf(path: string): Promise<{ readonly levels: number; readonly entries: number }> {
  await using folder = await open(path, FOLDER);
  let [levels, entries] = [0, 0];
  for (const entry of await readdir(at(folder.fd), { withFileTypes: true })) {
    entries += 1;
    if (!entry.isDirectory()) continue;
    const inner = await extentOf(at(folder.fd, entry.name));
    [levels, entries] = [Math.max(levels, inner.levels + 1), entries + inner.entries];
  }
  return { levels, entries };
}
