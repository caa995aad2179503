/** What a runner is made of: what is beyond it, each behind a port, and the settings that it works by. */
import type { Bus } from '@capstan/shared/bus/connect';
import type { Config } from '@capstan/shared/config/schema';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import type { RunnerIdentity } from './docker/names.ts';
import type { OwnNode } from './fetch/sealed-files.ts';
import type { RunnerPorts } from './ports.ts';
import type { Claim } from './worker/runner-claim.ts';
import type { StartOwnership } from './worker/start-ownership.ts';

export interface RunnerParts {
  readonly bus: Bus;
  readonly identity: RunnerIdentity;
  readonly settings: Config['runner'];
  readonly own: OwnNode;
  readonly ports: RunnerPorts;
  readonly claim: Pick<Claim, 'self' | 'held' | 'sure'>;
  readonly clock: Clock;
  /** Between the runner and its right to start something: the simulation puts a mistake there. */
  readonly wireOwnership?: (ownership: StartOwnership) => StartOwnership;
  /** By which results are over. */
  readonly cautious?: Pick<Clock, 'now'>;
  readonly log: Log;
}
