/** Makes a backup: the store as it is at one moment, the keys, the catalogue, and the results if wanted. */
import { copyFile, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { DataPaths } from '@capstan/shared/config/process';
import { hasCode, systemCode } from '@capstan/shared/errors';
import { openStore } from '../../services/gateway/src/store/store.ts';
import { isThere, stamp, sync } from './files.ts';
import { CONTENTS, FOLDERS, KEYS, listFiles, STORE_FILE, type Contents } from './contents.ts';

interface Backup {
  readonly paths: DataPaths;
  readonly dataDir: string;
  /** A folder; the backup becomes one in it. */
  readonly into: string;
  readonly hasResults: boolean;
  readonly now: Date;
}

export interface MadeBackup {
  readonly dir: string;
  readonly contents: Contents;
  /** Whether a gateway was running. */
  readonly isOnline: boolean;
}

export async function makeBackup({ paths, dataDir, into, hasResults, now }: Backup): Promise<MadeBackup> {
  const dir = join(into, `capstan-${stamp(now)}`);
  const draft = `${dir}.partial`;
  await mkdir(draft, { recursive: true, mode: 0o700 });
  try {
    const isOnline = await copyStore(paths, join(draft, STORE_FILE));
    for (const key of KEYS) {
      if (await isThere(join(dataDir, key))) await copyFile(join(dataDir, key), join(draft, key));
    }
    // The results after the store, so that whatever it lists was written before it was copied.
    for (const folder of hasResults ? FOLDERS : FOLDERS.filter((name) => name !== 'results')) {
      if (await isThere(paths[folder])) await cp(paths[folder], join(draft, folder), { recursive: true });
    }
    const contents: Contents = { v: 1, madeAt: now.toISOString(), hasResults, files: await listFiles(draft) };
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

/** By the gateway that holds it, or by ourselves where none runs. Resolves to whether one does. */
async function copyStore(paths: DataPaths, to: string): Promise<boolean> {
  const answer = await askGateway(paths.control, to);
  if (answer === undefined) {
    const store = openStore(paths.store);
    try {
      await store.backup(to);
    } catch (error) {
      if (hasCode(error, 'STORE_UNAVAILABLE')) throw error;
      throw new Error(`The store could not be copied to ${to}.`, { cause: error });
    } finally {
      store.close();
    }
    return false;
  }
  if (answer.error !== undefined) throw new Error(`The gateway could not copy its store: ${answer.error}`);
  return true;
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
