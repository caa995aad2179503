/** What the steps of one attempt have in common. */
import type { FilterConfig } from '@capstan/shared/config/filter';
import type { Config } from '@capstan/shared/config/schema';
import type { Log } from '@capstan/shared/runtime/log';
import { MB } from '@capstan/shared/contract/sizes';
import type { Engine } from '../docker/engine.ts';
import type { AttemptIdentity } from '../docker/names.ts';
import type { JobLimits } from '../environments/limits.ts';
import type { OpenMeter } from '../reporting/progress.ts';

export interface Attempt {
  readonly identity: AttemptIdentity;
  readonly limits: JobLimits;
  /** The filter of its environment, as it is configured now. */
  readonly filter: FilterConfig | undefined;
  readonly engine: Engine;
  readonly settings: Config['runner'];
  /** To tell how far a phase is, while it lasts. */
  readonly openMeter: OpenMeter;
  readonly log: Log;
}

/** Room for what the engine writes around each line: a log of lines of five bytes or more is kept up to its limit. */
const ENGINE_SHARE = 8;

/** What is kept of a log, and what the engine takes for it. */
export function logLimitsOf({ maxLogMB }: Config['runner']) {
  const maxBytes = Math.ceil(maxLogMB * MB);
  return { maxBytes, engineBytes: ENGINE_SHARE * maxBytes };
}
