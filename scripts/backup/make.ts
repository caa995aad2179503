/** Makes a backup: the store as it is at one moment, the keys, the catalogue, and the results if wanted. */
import { copyFile, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join, resolve as absolute } from 'node:path';
import { json } from 'node:stream/consumers';
import type { DataPaths } from '@capstan/shared/config/process';
import { hasCode, systemCode } from '@capstan/shared/contract/errors';
import { OLD_KEYS, type NodeKey } from '@capstan/shared/crypto/node-key';
import { openStore } from '../../services/gateway/src/store/store.ts';
import { isThere, stamp, sync } from './files.ts';
import { requireStoreThatWas } from '../../services/gateway/src/store/was-there.ts';
import { keepOldKey } from '../keys/rotate.ts';
import { CONFIG_FILE, CONTENTS, FOLDERS, KEY_FILE, listFiles, STORE_FILE, type Contents } from './contents.ts';

interface Backup {
  readonly paths: DataPaths;
  readonly dataDir: string;
  /** A folder; the backup becomes one in it. */
  readonly into: string;
  readonly hasResults: boolean;
  /** Of the node as it is, wherever it comes from; undefined if it has none yet. */
  readonly key: NodeKey | undefined;
  readonly configFile: string | undefined;
  readonly leftOut: readonly string[];
  readonly now: Date;
}

export interface MadeBackup {
  readonly dir: string;
  readonly contents: Contents;
  /** Whether a gateway was running. */
  readonly isOnline: boolean;
}

const NO_FOLDER = 'is not a folder. Name one that the backup becomes a folder in.';
const NOT_OURS = 'can not be written by this user. Give it to them (chown), or name another folder.';
/** By the system's code. */
const UNUSABLE: Readonly<Record<string, string>> = {
  ENOTDIR: NO_FOLDER,
  EEXIST: NO_FOLDER,
  EACCES: NOT_OURS,
  EPERM: NOT_OURS,
  EROFS: NOT_OURS,
};

export async function makeBackup(backup: Backup): Promise<MadeBackup> {
  const { paths, dataDir, into, hasResults, key, configFile, leftOut, now } = backup;
  const dir = join(into, `capstan-${stamp(now)}`);
  const draft = `${dir}.partial`;
  await mkdir(draft, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    const problem = UNUSABLE[systemCode(error) ?? ''];
    throw problem === undefined ? error : new Error(`${into} ${problem}`);
  });
  try {
    const isOnline = await copyStore({ paths, dataDir, now }, join(draft, STORE_FILE));
    await writeKeys(draft, key);
    if (configFile !== undefined) await copyFile(configFile, join(draft, CONFIG_FILE));
    // The results after the store, so that whatever it lists was written before it was copied.
    for (const folder of hasResults ? FOLDERS : FOLDERS.filter((name) => name !== 'results')) {
      if (await isThere(paths[folder])) await cp(paths[folder], join(draft, folder), { recursive: true });
    }
    const files = await listFiles(draft);
    const contents: Contents = { v: 1, madeAt: now.toISOString(), hasResults, leftOut: [...leftOut], files };
    await writeFile(join(draft, CONTENTS), JSON.stringify(contents, undefined, 2), { flush: true });
    for (const { path } of contents.files) await sync(join(draft, path));
    await rename(draft, dir);
    await sync(into);
    return { dir, contents, isOnline };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Also those that come from a setting, or a secret of containers: on a new machine they are needed all the same. */
async function writeKeys(draft: string, key: NodeKey | undefined): Promise<void> {
  if (!key) return;
  await writeFile(join(draft, KEY_FILE), `0x${key.secret().toString('hex')}\n`, { mode: 0o600, flush: true });
  for (const [index, older] of key.older().entries()) {
    await keepOldKey(join(draft, OLD_KEYS), older, new Date(key.older().length - index), {
      isStolen: older.isStolen(),
    });
  }
}

/** By the gateway that holds it, or by ourselves where none runs. Resolves to whether one does. */
async function copyStore(
  { paths, dataDir, now }: Pick<Backup, 'paths' | 'dataDir' | 'now'>,
  to: string,
): Promise<boolean> {
  // In the data folder, for a gateway in a container of its own sees nothing else of ours.
  const between = absolute(dataDir, `.backup-${stamp(now)}.db`);
  try {
    const answer = await askGateway(paths.control, between);
    if (answer?.error !== undefined) throw new Error(`The gateway could not copy its store: ${answer.error}`);
    if (answer) await copyFile(between, to);
    if (answer) return true;
  } finally {
    await rm(between, { force: true });
  }
  await copyClosedStore({ paths, dataDir }, to);
  return false;
}

async function copyClosedStore({ paths, dataDir }: Pick<Backup, 'paths' | 'dataDir'>, to: string): Promise<void> {
  requireStoreThatWas(paths.store);
  // Opening it would make one, and a copy of nothing would look like a backup.
  if (!(await isThere(paths.store))) {
    throw new Error(
      `No node has run in ${dataDir}: there is nothing to back up. Is dataDir (CAPSTAN_DATA_DIR) the folder of your node?`,
    );
  }
  const store = openStore(paths.store);
  try {
    await store.backup(to);
  } catch (error) {
    if (hasCode(error, 'STORE_UNAVAILABLE')) throw error;
    throw new Error(`The store could not be copied to ${to}.`, { cause: error });
  } finally {
    store.close();
  }
}

function askGateway(socketPath: string, to: string): Promise<{ readonly error?: string } | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly error?: string } | undefined>();
  const path = `/backup?${new URLSearchParams({ to }).toString()}`;
  const asked = request({ socketPath, method: 'POST', path, agent: false }, (response) => {
    json(response).then((body) => resolve(body as { readonly error?: string }), reject);
  });
  asked.on('error', (error) => {
    const nobody = ['ENOENT', 'ECONNREFUSED'].includes(systemCode(error) ?? '');
    if (nobody) resolve(undefined);
    else reject(error);
  });
  asked.end();
  return promise;
}
