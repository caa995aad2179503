/** The only file that reads the process's environment and arguments for configuration. */
import { isAbsolute, join } from 'node:path';
import { loadOrCreateNodeKey, nodeKeyFrom, type NodeKey } from '../node-key.ts';
import { loadConfig } from './load.ts';
import type { Config } from './schema.ts';

/** The configuration of this process. Bad configuration ends it with a message a person can act on. */
export function configOfProcess(): Config {
  try {
    return loadConfig(process.env, process.cwd());
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

export interface DataPaths {
  readonly store: string;
  /** Unix socket on which the gateway takes the operator's requests. */
  readonly control: string;
  readonly results: string;
  /** Of jobs that run. */
  readonly logs: string;
  readonly catalogue: string;
  readonly scratch: string;
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
    nodeKey: join(config.dataDir, 'node.key'),
    tokenKey: join(config.dataDir, 'token.key'),
  };
}

/** The node's key as configured, or the one in the data folder, made if it is not there. */
export function nodeKeyOf(config: Config): Promise<NodeKey> {
  return config.nodeKey === undefined
    ? loadOrCreateNodeKey(dataPaths(config).nodeKey)
    : Promise.resolve(nodeKeyFrom(config.nodeKey));
}
