/** What processes of the simulation get in place of their ports: the sound ones, or ones with a mistake in them. */
import type fc from 'fast-check';
import type { Db } from '../../../services/gateway/src/store/db.ts';
import type { Store } from '../../../services/gateway/src/store/store.ts';
import type { RunnerPorts } from '../../../services/runner/src/ports.ts';
import type { StartOwnership } from '../../../services/runner/src/worker/start-ownership.ts';
import type { Schedule } from '../actions.ts';
import type { Runners } from '../parts/members.ts';

export type SimulatedPorts = Pick<RunnerPorts, 'engine' | 'results' | 'marks'>;

export interface Wiring {
  readonly database: (db: Db) => Db;
  readonly store: (store: Store) => Store;
  /** The one that takes events in. */
  readonly intakeStore: (store: Store) => Store;
  readonly ports: (ports: SimulatedPorts) => SimulatedPorts;
  readonly ownership: (ownership: StartOwnership) => StartOwnership;
  /** Whether the note of a start is on the disk when its writer goes on. */
  readonly syncsMarks: boolean;
  /** How many runners it takes for the mistake to show. */
  readonly runners: Runners;
  /** What must coincide for it to show, where chance alone would take too long. The sound node is held to the rules in these as well. */
  readonly schedules?: fc.Arbitrary<Schedule>;
}

const same = <T>(port: T): T => port;

export const SOUND: Wiring = {
  database: same,
  store: same,
  intakeStore: same,
  ports: same,
  ownership: same,
  syncsMarks: true,
  runners: 1,
};
