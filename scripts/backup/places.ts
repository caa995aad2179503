/**
 * Where what is restored is prepared, and where what is there goes: beside it, on the same file system, so that each move is a rename.
 * A folder that something is mounted on, as in containers, can't be renamed itself: its entries are.
 */
import { constants } from 'node:fs';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isThere } from './files.ts';
import type { Move } from './swap.ts';

interface Target {
  readonly at: string;
  readonly isFolder: boolean;
}

export interface Place extends Target {
  /** Whether its entries are moved, not itself. */
  readonly isInside: boolean;
  readonly staged: string;
  readonly aside: string;
}

export async function planPlaces(stamp: string, targets: readonly Target[]): Promise<readonly Place[]> {
  const mounts = await mountPoints();
  return Promise.all(
    targets.map(async ({ at, isFolder }) => {
      const isInside = isFolder && (mounts.has(at) || (await isBeyondReach(at)));
      const parent = isInside ? at : dirname(at);
      const name = basename(at);
      const staged = join(parent, `.restore-${stamp}`, name);
      return { at, isFolder, isInside, staged, aside: join(parent, `before-restore-${stamp}`, name) };
    }),
  );
}

/** What is there aside first, then what was prepared into its place. */
export async function movesOf(places: readonly Place[]): Promise<readonly Move[]> {
  const moves: Move[] = [];
  for (const { at, isInside, staged, aside } of places) {
    if (isInside) {
      const present = (await readdir(at)).filter((name) => !/^(\.|before-)restore-/.test(name));
      for (const name of present) moves.push({ from: join(at, name), to: join(aside, name) });
      for (const name of await readdir(staged)) moves.push({ from: join(staged, name), to: join(at, name) });
      continue;
    }
    if (await isThere(at)) moves.push({ from: at, to: aside });
    if (await isThere(staged)) moves.push({ from: staged, to: at });
  }
  return moves;
}

/** It is there, and the folder that it lies in is not ours to change. */
async function isBeyondReach(at: string): Promise<boolean> {
  if (!(await isThere(at))) return false;
  const { dev } = await stat(at);
  const parent = await stat(dirname(at));
  if (dev !== parent.dev) return true;
  return access(dirname(at), constants.W_OK).then(
    () => false,
    () => true,
  );
}

/** None where the system doesn't tell. */
async function mountPoints(): Promise<ReadonlySet<string>> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const unescaped = (path: string) =>
    path.replace(/\\(\d{3})/g, (_whole, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
  return new Set(
    text
      .split('\n')
      .flatMap((line) => line.split(' ')[4] ?? [])
      .map(unescaped),
  );
}
