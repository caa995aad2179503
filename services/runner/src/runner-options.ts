/** What a runner is made of. */
import type { Bus } from '@capstan/shared/bus/connect';
import type { Claim } from './worker/runner-claim.ts';
import type { RunnerPorts } from './ports.ts';
import type { OwnNode } from './fetch/sealed-files.ts';
import type { RunnerIdentity } from './docker/names.ts';
import type { StartOwnership } from './worker/start-ownership.ts';
import type { Log } from '@capstan/shared/runtime/log';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';

export interface RunnerOptions {
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
