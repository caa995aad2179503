/** What a new machine needs beside a backup: it can't hold what lies elsewhere, so it says so. */
import { dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import type { Config } from '@capstan/shared/config/schema';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { OF_THE_PLACE } from '../doctor/backups.ts';
import { isThere } from './files.ts';

/** The key that the node has; a backup makes none. */
export async function keyToKeep(config: Config): Promise<NodeKey | undefined> {
  const hasOne = config.nodeKey !== undefined || (await isThere(dataPaths(config).nodeKey));
  return hasOne ? nodeKeyOf(config) : undefined;
}

export function leftOutOf(
  { results }: Pick<Config, 'results'>,
  { hasResults, variables }: { readonly hasResults: boolean; readonly variables: Readonly<Record<string, unknown>> },
): readonly string[] {
  const names = Object.keys(variables)
    .filter((name) => name.startsWith('CAPSTAN_') && !OF_THE_PLACE.has(name))
    .toSorted();
  return [
    ...(results.kind === 'folder' ? [] : [`the results themselves, which are in ${results.kind}`]),
    ...(results.kind === 'folder' && !hasResults ? ['the results (--results copies them)'] : []),
    ...(names.length === 0 ? [] : [`settings that come as variables, keep them yourself: ${names.join(', ')}`]),
    'logins of registries that Docker keeps, and certificates of the proxy in front',
  ];
}
