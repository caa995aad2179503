/** What runs have left in the engine, of an earlier life or of this one: found at the start and now and then, adopted or cleared away. */
import type { AttemptIdentity } from './docker/names.ts';
import { createClearedDesk, type ClearedDesk } from './maintenance/cleared-desk.ts';
import { createReaper, type Reaper } from './maintenance/reap-orphans.ts';
import type { Run } from './results/results.ts';
import type { RunnerParts } from './runner-parts.ts';
import { findUnfinished } from './worker/adopt.ts';
import { createLeftAlone } from './worker/left-alone.ts';
import type { RunRegistry } from './worker/run-registry.ts';

export interface LeftBehind {
  /** Clears away what may go. Resolves to the runs that go on. */
  find(): Promise<readonly AttemptIdentity[]>;
  adopt(found: AttemptIdentity): void;
  /** Whether somebody works on a run: it looks after itself. */
  isInHand(run: Run): boolean;
  readonly reaper: Reaper;
  readonly clearedDesk: ClearedDesk;
}

interface LeftBehindOptions extends Pick<RunnerParts, 'bus' | 'identity' | 'settings' | 'ports' | 'log'> {
  readonly runs: Pick<RunRegistry, 'get'>;
  readonly adopt: (found: AttemptIdentity) => void;
  readonly signal: AbortSignal;
}

export function createLeftBehind(options: LeftBehindOptions): LeftBehind {
  const { bus, identity, settings, ports, runs, adopt, signal, log } = options;
  const isInHand = ({ jobId, run }: Run) => runs.get(jobId)?.run === run;
  const clearedDesk = createClearedDesk({ ...ports, bus, identity, isInHand, log });
  const leftAlone = createLeftAlone(log);
  const looking = { ...ports, owner: identity, onCleared: clearedDesk.tell, isInHand, leftAlone, log };
  const find = () => findUnfinished(looking, signal);
  const reaper = createReaper({
    everyS: settings.reapEveryS,
    findUnfinished: find,
    adopt,
    removeDrafts: () => ports.removeStaleDrafts(isInHand),
    log,
  });
  return { find, adopt, isInHand, reaper, clearedDesk };
}
