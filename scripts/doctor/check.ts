/** What a check of the doctor is: it looks at a node's settings, and what they name, and says what it found. */
import type { Config } from '@capstan/shared/config/schema';
import type { Finding } from './finding.ts';

export interface Patient {
  readonly config: Config;
  /** Whether file or variables say where NATS is; `npm start` runs one of its own otherwise. */
  readonly isNatsGiven: boolean;
  /** Of settings, if there is one. */
  readonly configFile: string | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export type Check = (patient: Patient) => Promise<readonly Finding[]>;
