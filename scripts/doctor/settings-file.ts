/** The file of settings: it may hold secrets, and a backup holds a copy of it. */
import { stat } from 'node:fs/promises';
import { ok, warn, type Finding } from './finding.ts';

const ABOUT = 'settings';
/** Settings that hold a secret where somebody wrote them into the file. */
const SECRETS = /^\s*(nodeKey|password|adminPassword|secretAccessKey|authorization)\s*:\s*\S/m;

export async function checkSettingsFile(
  path: string | undefined,
  text: () => Promise<string>,
): Promise<readonly Finding[]> {
  if (path === undefined) return [];
  const info = await stat(path).catch(() => undefined);
  if (!info) return [];
  if (!SECRETS.test(await text())) return [ok(ABOUT, `${path} holds no secret`)];
  return (info.mode & 0o077) === 0
    ? [ok(ABOUT, `${path} holds secrets, and its owner alone can read it; so must its backups, which hold a copy`)]
    : [
        warn(
          ABOUT,
          `${path} holds secrets, and others on this machine can read it; so does every backup of the node`,
          `chmod 600 ${path}, keep backups closed, or give secrets by files (CAPSTAN_…_FILE)`,
        ),
      ];
}
