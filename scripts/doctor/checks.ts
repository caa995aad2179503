/** All that the doctor looks at, in the order in which a person reads it. */
import { readFile } from 'node:fs/promises';
import { messageOf } from '@capstan/shared/contract/errors';
import { checkBroker } from './broker.ts';
import { checkCatalogue } from './catalogue.ts';
import { judgeBackups } from './backups.ts';
import { checkClock } from './clock.ts';
import { checkDataFolder } from './data-folder.ts';
import { checkEngine } from './engine.ts';
import { bad, type Finding } from './finding.ts';
import { checkGpus } from './gpus.ts';
import { checkPort } from './port.ts';
import { checkPruneTimers } from './prune-timers.ts';
import { checkPublicUrl, judgeProxies } from './reached.ts';
import { checkSettingsFile } from './settings-file.ts';
import { checkNode } from './program.ts';
import { checkRegistries } from './registries.ts';
import { checkSales } from './sales.ts';
import type { Patient, Check } from './check.ts';

const CHECKS = {
  node: checkNode,
  'data folder': checkDataFolder,
  catalogue: checkCatalogue,
  engine: checkEngine,
  gpus: checkGpus,
  registries: checkRegistries,
  sales: checkSales,
  nats: checkBroker,
  port: checkPort,
  clock: checkClock,
  'prune timers': checkPruneTimers,
  reached: async ({ config, variables }) => [await checkPublicUrl(config.gateway), ...judgeProxies(variables)],
  backups: ({ configFile, variables }) => Promise.resolve(judgeBackups(configFile, variables)),
  settings: ({ configFile }) =>
    checkSettingsFile(configFile, async () => (configFile === undefined ? '' : readFile(configFile, 'utf8'))),
} as const satisfies Readonly<Record<string, Check>>;

export async function examine(patient: Patient): Promise<readonly Finding[]> {
  const found = await Promise.all(
    Object.entries(CHECKS).map(([about, check]: [string, Check]) =>
      check(patient).catch((error: unknown) => [
        bad(about, `it could not be looked at: ${messageOf(error)}`, 'mend that, then run this again'),
      ]),
    ),
  );
  return found.flat();
}
