/** The only file that reads the process's environment and arguments for configuration. */
import { existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parseJobId } from '../contract/ids.ts';
import { CapstanError } from '../contract/errors.ts';
import { namesIn } from '../runtime/names-in-folder.ts';
import { loadOldKeys, loadOrCreateNodeKey, nodeKeyFrom, OLD_KEYS, type NodeKey } from '../crypto/node-key.ts';
import { configFileOf, isGiven, loadConfig } from './load.ts';
import type { Config } from './schema.ts';

/** The configuration of this process. Bad configuration ends it with a message a person can act on. */
export function configOfProcess(): Config {
  try {
    const config = loadConfig(process.env, process.cwd());
    if (statSync(config.dataDir, { throwIfNoEntry: false })?.isDirectory() === false)
      throw new CapstanError('INVALID_CONFIG', `dataDir is ${config.dataDir}, which is no folder.`);
    return config;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

/** The file of settings that this process reads, if there is one. */
export const configFileOfProcess = (): string | undefined => configFileOf(process.env, process.cwd());

/** Whether this process's file or variables give a setting a value of their own. */
export const isGivenToProcess = (path: string): boolean => isGiven(path, process.env, process.cwd());

export interface DataPaths {
  readonly store: string;
  /** Unix socket on which the gateway takes the operator's requests. */
  readonly control: string;
  readonly results: string;
  /** Of jobs that run. */
  readonly logs: string;
  readonly catalogue: string;
  readonly scratch: string;
  /** Of the gateway: what the clock said last. */
  readonly clock: string;
  /** Unix socket that is there as long as a runner works in the data folder. */
  readonly atWork: string;
  /** Of the runner: who it is. */
  readonly runner: string;
  readonly nodeKey: string;
  /** Key that tokens are signed with. */
  readonly tokenKey: string;
}

/** Where things lie below the data folder. */
export function dataPaths(config: Config): DataPaths {
  const catalogue = config.gateway.catalogueDir;
  return {
    store: join(config.dataDir, 'store', 'capstan.db'),
    control: join(config.dataDir, 'gateway.sock'),
    results: join(config.dataDir, 'results'),
    logs: join(config.dataDir, 'logs'),
    catalogue:
      catalogue === undefined
        ? join(config.dataDir, 'catalogue')
        : isAbsolute(catalogue)
          ? catalogue
          : join(process.cwd(), catalogue),
    scratch: join(config.dataDir, 'scratch'),
    clock: join(config.dataDir, 'gateway-clock.json'),
    atWork: join(config.dataDir, 'runner.sock'),
    runner: join(config.dataDir, 'runner.json'),
    nodeKey: join(config.dataDir, 'node.key'),
    tokenKey: join(config.dataDir, 'token.key'),
  };
}

/** Where the keys lie that came before: in the data folder, and beside the file that the key is given in. */
export function oldKeyFolders(config: Config): readonly string[] {
  const file = process.env['CAPSTAN_NODE_KEY_FILE'];
  const folders = [config.dataDir, ...(file === undefined ? [] : [dirname(file)])];
  return folders.map((folder) => join(folder, OLD_KEYS));
}

/**
 * The node's key as configured, or the one in the data folder, made if it is not there. Throws INVALID_CONFIG where a node has worked
 * with one that is gone: with a new one it would open nothing of what it has, and say that all is well.
 */
export async function nodeKeyOf(config: Config): Promise<NodeKey> {
  const older = (await Promise.all(oldKeyFolders(config).map(loadOldKeys))).flat();
  if (config.nodeKey !== undefined) return nodeKeyFrom(config.nodeKey, older);
  const { nodeKey, store, results } = dataPaths(config);
  // A disk of its own brings folders like lost+found along.
  const isOld = existsSync(store) || (await namesIn(results)).some((name) => parseJobId(name) !== undefined);
  if (isOld && !existsSync(nodeKey)) throw keyIsGone(nodeKey);
  return loadOrCreateNodeKey(nodeKey, older);
}

const keyIsGone = (path: string) =>
  new CapstanError(
    'INVALID_CONFIG',
    `The node's key ${path} is gone, and the node has worked with it: assets, waiting jobs and results are encrypted to it. Put it back, from a backup for example (npm run restore), or set nodeKey. If it is lost for good, npm run keys -- new makes another one; what was encrypted to the old one stays unreadable.`,
  );

/** Has SQLite keep what it writes for the length of a statement beside the store: no other disk has to be there, or have room. */
export function keepSqliteFilesIn(dir: string): void {
  process.env['SQLITE_TMPDIR'] ??= dir;
}
