/** What this node has in the engine and in its data folder: what `npm run uninstall` removes, and what it leaves, in words. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '@capstan/shared/config/schema';
import { messageOf, systemCode } from '@capstan/shared/contract/errors';
import { namesIn } from '@capstan/shared/runtime/names-in-folder';
import { OWNER, ownerOf } from '../../services/runner/src/egress/image.ts';
import { createImageNotes } from '../../services/runner/src/images/notes.ts';
import { keyToKeep } from '../backup/left-out.ts';
import { askEngine } from '../parts/engine.ts';

export interface Found {
  /** The mark of the data folder; undefined if no runner was ever started in it. */
  readonly node: string | undefined;
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  /** By the names that they were pulled by. */
  readonly images: readonly string[];
  /** Images that it made, to give jobs a network: by their ids. */
  readonly helpers: readonly string[];
  /** Entries of the data folder that a node makes. */
  readonly files: readonly string[];
  /** Entries of the data folder that no node makes. */
  readonly foreign: readonly string[];
  /** Containers of jobs that carry no mark, of releases before marks: nobody can tell of which node. */
  readonly unmarked: readonly string[];
}

/** All that a node makes in its data folder; nothing else in it is ever touched. */
const OWN_FILES =
  /^(store|store-was-here|results|logs|catalogue|scratch|nats|old-keys|node\.key(\.next)?|token\.key|runner\.json|images\.json(\.new)?|gateway-clock\.json|runner-clock\.json|gateway\.sock|runner\.sock|restore-in-progress\.json|before-restore-.*|\.backup-.*|\.restore-.*)$/;

interface Labelled {
  readonly Id?: string;
  readonly Name?: string;
  readonly Names?: readonly string[];
  readonly Labels: Readonly<Record<string, string>> | null;
}

export async function findAll(config: Config): Promise<Found> {
  const { dataDir } = config;
  const socketPath = config.runner.dockerSocket;
  const names = (await namesIn(dataDir)).toSorted();
  const node = await markIn(dataDir);
  const engine = await inEngine(node, socketPath);
  const notes = await createImageNotes(join(dataDir, 'images.json')).read();
  return {
    ...engine,
    node,
    helpers: await helpersOf(config),
    images: notes.filter(({ isKept }) => isKept !== true).map(({ reference }) => reference),
    files: names.filter((name) => OWN_FILES.test(name)),
    foreign: names.filter((name) => !OWN_FILES.test(name)),
  };
}

/** Known by the node's key alone. Without one there are none; one that can't be read stands in the way of nothing. */
async function helpersOf(config: Config): Promise<readonly string[]> {
  const key = await keyToKeep(config).catch(() => undefined);
  const ids = new Set<string>();
  for (const each of key === undefined ? [] : [key, ...key.older()]) {
    const filters = encodeURIComponent(JSON.stringify({ label: [`${OWNER}=${ownerOf(each)}`] }));
    const { status, body } = await askEngine('GET', `/images/json?filters=${filters}`, {
      socketPath: config.runner.dockerSocket,
    });
    if (status === 200) for (const { Id } of JSON.parse(body) as readonly { readonly Id: string }[]) ids.add(Id);
  }
  return [...ids];
}

async function inEngine(node: string | undefined, socketPath: string) {
  const list = async (path: string, label: string): Promise<readonly Labelled[]> => {
    const joint = path.includes('?') ? '&' : '?';
    const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
    const { status, body } = await askEngine('GET', `${path}${joint}filters=${filters}`, { socketPath });
    if (status !== 200) throw new Error(`the engine answered ${status}: ${body}`);
    const said = JSON.parse(body) as readonly Labelled[] | { readonly Volumes: readonly Labelled[] | null };
    return 'Volumes' in said ? (said.Volumes ?? []) : said;
  };
  const nameOf = ({ Names, Name, Id = '' }: Labelled) => Names?.[0]?.replace(/^\//, '') ?? Name ?? Id;
  try {
    const all = await list('/containers/json?all=1', 'capstan.runner');
    const unmarked = all.filter(({ Labels }) => !Labels?.['capstan.node']).map(nameOf);
    if (node === undefined) return { containers: [], volumes: [], networks: [], unmarked };
    const label = `capstan.node=${node}`;
    const [containers, volumes, networks] = await Promise.all([
      list('/containers/json?all=1', label),
      list('/volumes', label),
      list('/networks', label),
    ]);
    return {
      containers: containers.map(nameOf),
      volumes: volumes.map(nameOf),
      networks: networks.map(nameOf),
      unmarked,
    };
  } catch (error) {
    throw new Error(
      `What the node has in the container engine can not be looked at (${systemCode(error) ?? messageOf(error)}): start the engine first. Nothing was removed.`,
      { cause: error },
    );
  }
}

async function markIn(dataDir: string): Promise<string | undefined> {
  try {
    const { node } = JSON.parse(await readFile(join(dataDir, 'runner.json'), 'utf8')) as { readonly node?: unknown };
    return typeof node === 'string' && /^[0-9a-f]{12}$/.test(node) ? node : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
