/** Whoever clears away containers by a timer takes those of running jobs along: some of them are never started, and look like leftovers. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, warn, type Finding } from './finding.ts';
import type { Check } from './check.ts';

const ABOUT = 'prune timers';
const PLACES = [
  '/etc/crontab',
  '/etc/cron.d',
  '/etc/cron.hourly',
  '/etc/cron.daily',
  '/etc/cron.weekly',
  '/etc/cron.monthly',
  '/var/spool/cron',
  '/var/spool/cron/crontabs',
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
];
const PRUNES = /^(?!\s*#).*\b(docker|podman)\b.*\b(system|container|volume)\s+prune\b/m;
const SPARES = /label!=?\s*["']?capstan|label!=capstan/;
const MAX_BYTES = 1_000_000;

export const checkPruneTimers: Check = () => findPruneTimers(PLACES);

export async function findPruneTimers(places: readonly string[]): Promise<readonly Finding[]> {
  const found = (await Promise.all(places.map(pruningFiles))).flat();
  if (found.length === 0) return [ok(ABOUT, 'none found that clear away containers')];
  return found.map((path) =>
    warn(
      ABOUT,
      `${path} clears away containers or volumes, those of running jobs too`,
      'add --filter "label!=capstan.node" to it, or leave it: the node clears away its own',
    ),
  );
}

/** Files that may not be read are those of somebody else: nothing is known of them. */
async function pruningFiles(place: string): Promise<readonly string[]> {
  const entries = await readdir(place).catch(() => undefined);
  const paths = entries === undefined ? [place] : entries.map((name) => join(place, name));
  const found = await Promise.all(
    paths.map(async (path) => {
      const info = await stat(path).catch(() => undefined);
      if (!info?.isFile() || info.size > MAX_BYTES) return [];
      const text = await readFile(path, 'utf8').catch(() => '');
      return PRUNES.test(text) && !SPARES.test(text) ? [path] : [];
    }),
  );
  return found.flat();
}
