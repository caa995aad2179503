/** The folder of all that the node keeps: there, ours, durable, closed to others, and with space. */
import { constants, type Stats } from 'node:fs';
import { access, lstat, mkdtemp, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { dataPaths } from '@capstan/shared/config/process';
import { messageOf, systemCode } from '@capstan/shared/contract/errors';
import { GB } from '@capstan/shared/contract/sizes';
import { bad, ok, warn, type Finding } from './finding.ts';
import { checkInodes } from './inodes.ts';
import type { Check } from './check.ts';

const ABOUT = 'data folder';
/** A commit waits for this. */
const SLOW_SYNC_MS = 100;

export const checkDataFolder: Check = async ({ config }) => {
  const { dataDir } = config;
  if (!(await exists(dataDir))) return [await checkParent(dataDir)];
  const space = await checkSpace(dataDir, config.runner.minFreeDiskGB);
  const inodes = await checkInodes('inodes', dataDir);
  return [await checkWriting(dataDir), space, ...inodes, ...(await checkSecrets(config))];
};

async function checkParent(dataDir: string): Promise<Finding> {
  let parent = dirname(dataDir);
  while (!(await exists(parent))) parent = dirname(parent);
  try {
    const trial = await mkdtemp(join(parent, '.capstan-doctor-'));
    await rm(trial, { recursive: true });
    return ok(ABOUT, `${dataDir} will be made at the first start`);
  } catch (error) {
    return unwritable(dataDir, error);
  }
}

async function checkWriting(dataDir: string): Promise<Finding> {
  const path = join(dataDir, `.doctor-${process.pid}`);
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile('capstan');
      const before = performance.now();
      await handle.datasync();
      const ms = performance.now() - before;
      if (ms > SLOW_SYNC_MS) {
        return warn(
          ABOUT,
          `${dataDir}: a write takes ${Math.round(ms)} ms to be durable`,
          'use a faster disk: every job that is accepted waits for that',
        );
      }
      return ok(ABOUT, `${dataDir}: writes are durable within ${ms.toFixed(1)} ms`);
    } finally {
      await handle.close();
      await rm(path, { force: true });
    }
  } catch (error) {
    return unwritable(dataDir, error);
  }
}

async function checkSpace(dataDir: string, minFreeGB: number): Promise<Finding> {
  const { bavail, bsize } = await statfs(dataDir);
  const freeGB = (bavail * bsize) / GB;
  const text = `${freeGB.toFixed(1)} GB free for data and results`;
  return freeGB < minFreeGB
    ? bad(
        'disk',
        `${text}, less than the ${minFreeGB} GB of runner.minFreeDiskGB: no job begins`,
        'make room, or move the data folder to another disk',
      )
    : ok('disk', text);
}

async function checkSecrets(config: Parameters<Check>[0]['config']): Promise<readonly Finding[]> {
  const { nodeKey, tokenKey } = dataPaths(config);
  const findings: Finding[] = [...(await ofOthers(config.dataDir))];
  // Root looks after nodes that run as other users.
  const isRoot = process.getuid?.() === 0;
  for (const path of [nodeKey, tokenKey]) {
    if (!(await exists(path))) continue;
    const { mode, uid } = await stat(path);
    if ((mode & 0o077) !== 0)
      findings.push(bad('secrets', `others on this machine can read ${path}`, `chmod 600 ${path}`));
    else if (!isRoot && uid !== process.getuid?.()) {
      findings.push(warn('secrets', `${path} belongs to another user`, 'run this as the user that the node runs as'));
    }
  }
  return findings.length > 0 ? findings : [ok('secrets', 'keys are readable by their owner alone, or not made yet')];
}

/** What the node can't read or change, for it runs as the user that the folder belongs to. Others than root may not be able to see. */
async function ofOthers(dataDir: string): Promise<readonly Finding[]> {
  const folder = await stat(dataDir);
  const names = await readdir(dataDir).catch(() => []);
  const entries = await Promise.all(
    names.map(async (name) => ({ name, isClosed: await isClosedTo(folder, join(dataDir, name)) })),
  );
  return entries
    .filter(({ isClosed }) => isClosed)
    .map(({ name }) =>
      bad(
        'secrets',
        `${join(dataDir, name)} belongs to another user than ${dataDir}, so the node can not read it`,
        `chown -R --reference=${dataDir} ${join(dataDir, name)}`,
      ),
    );
}

/** In containers the two services share folders by a group, each with an owner of its own. Root may do everything, so it goes by the modes. */
async function isClosedTo(folder: Stats, path: string): Promise<boolean> {
  const entry = await lstat(path).catch(() => undefined);
  if (entry === undefined || entry.uid === folder.uid) return false;
  if (process.getuid?.() === 0) return entry.gid !== folder.gid || (entry.mode & 0o060) !== 0o060;
  return access(path, constants.R_OK | constants.W_OK).then(
    () => false,
    () => true,
  );
}

const unwritable = (dataDir: string, error: unknown) =>
  bad(
    ABOUT,
    `${dataDir} can not be written (${systemCode(error) ?? messageOf(error)})`,
    'give it to the user that the node runs as (chown), or set dataDir',
  );

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
