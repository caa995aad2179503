/** All that the doctor looks at, in the order in which a person reads it. */
import type { Config } from '@capstan/shared/config/schema';
import { messageOf } from '@capstan/shared/errors';
import { checkBroker } from './broker.ts';
import { checkClock } from './clock.ts';
import { checkDataFolder } from './data-folder.ts';
import { checkEngine } from './engine.ts';
import { bad, type Finding } from './finding.ts';
import { checkGpus } from './gpus.ts';
import { checkPort } from './port.ts';
import { checkNode } from './program.ts';
import { checkRegistries } from './registries.ts';

export interface Patient {
  readonly config: Config;
  /** Whether file or variables say where NATS is; `npm start` runs one of its own otherwise. */
  readonly isNatsGiven: boolean;
}

export type Check = (patient: Patient) => Promise<readonly Finding[]>;

const CHECKS = {
  node: checkNode,
  'data folder': checkDataFolder,
  engine: checkEngine,
  gpus: checkGpus,
  registries: checkRegistries,
  nats: checkBroker,
  port: checkPort,
  clock: checkClock,
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
