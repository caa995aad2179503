/** Removes what was found, in the order in which the engine lets it go. What it does not let go is named, and the rest goes all the same. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { askEngine } from '../parts/engine.ts';
import type { Found } from './found.ts';

interface Removing {
  readonly dataDir: string;
  readonly socketPath: string;
  /** The data folder, too. */
  readonly hasData: boolean;
}

/** Resolves to what stayed, with the engine's reason. */
export async function removeFound(
  found: Found,
  { dataDir, socketPath, hasData }: Removing,
): Promise<readonly string[]> {
  const stayed: string[] = [];
  const remove = async (what: string, name: string, path: string) => {
    const { status, body } = await askEngine('DELETE', path, { socketPath });
    if (status < 300 || status === 404) return;
    stayed.push(`${what} ${name}: ${reasonIn(body)}`);
  };
  for (const name of found.containers) await remove('container', name, `/containers/${name}?force=1&v=1`);
  for (const name of found.networks) await remove('network', name, `/networks/${name}`);
  for (const name of found.volumes) await remove('volume', name, `/volumes/${name}`);
  // Without force: what a container of somebody else needs stays.
  for (const name of found.images) await remove('image', name, `/images/${name}`);
  for (const id of found.helpers) await remove('image', id, `/images/${id}`);
  if (!hasData) return stayed;
  if (stayed.length > 0) return [...stayed, `${dataDir}: kept, because it says whose the rest is`];
  for (const name of found.files) await rm(join(dataDir, name), { recursive: true, force: true });
  const left = await readdir(dataDir).catch(() => []);
  if (left.length === 0) await rmdir(dataDir).catch(() => undefined);
  return stayed;
}

function reasonIn(body: string): string {
  try {
    return String((JSON.parse(body) as { readonly message?: unknown }).message);
  } catch {
    return body;
  }
}
