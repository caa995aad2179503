/**
 * The reaper: clears away orphans, what nobody has in hand. Each run cleans up after itself; this is for what should not happen and does: a cleaning that
 * failed, a container that came back with the engine. Looked for regularly, because nothing tells of it.
 */
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { createRegular } from '@capstan/shared/runtime/regularly';
import type { Service } from '@capstan/shared/runtime/service';
import { createWake } from '@capstan/shared/runtime/wake';
import type { AttemptIdentity } from '../docker/names.ts';

interface ReaperOptions {
  readonly everyS: number;
  /** Clears away what may go; resolves to runs that go on, for their algorithms were started. */
  readonly findUnfinished: () => Promise<readonly AttemptIdentity[]>;
  readonly adopt: (identity: AttemptIdentity) => void;
  readonly removeDrafts: () => Promise<void>;
  readonly log: Log;
}

export interface Reaper extends Service {
  /** A run was left in the middle of its provisioning: what the engine was asked for may still appear, after the cleaning. */
  lookSoon(): void;
}

/** An engine that is asked to make something, and then no more, mostly does it within the first; a slow one within the last. */
const SOON_MS = [2_000, 10_000, 45_000];

export function createReaper({ everyS, findUnfinished, adopt, removeDrafts, log }: ReaperOptions): Reaper {
  const timers = new Set<NodeJS.Timeout>();
  let isStopped = false;
  const reap = async () => {
    for (const identity of await findUnfinished()) {
      log.warn({ jobId: identity.jobId, run: identity.run }, 'found a run that nobody had in hand, going on with it');
      adopt(identity);
    }
    await removeDrafts();
  };
  const onError = (error: unknown) =>
    log.warn({ problem: messageOf(error) }, 'could not look for what was left behind');
  const soon = createWake(reap, onError);
  const regular = createRegular({
    name: 'reaper',
    everyMs: everyS * 1_000,
    // What was left by an earlier life is looked for before the work begins.
    isAtStart: false,
    work: reap,
    onError,
  });
  return {
    ...regular,
    lookSoon() {
      // Runs are left by the stop of the runner, too: the next life looks at its start.
      if (isStopped) return;
      // One row of looks serves all that leave meanwhile; each of them begins it anew.
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      for (const delayMs of SOON_MS) timers.add(setTimeout(() => soon.wake(), delayMs));
    },
    async stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
      await regular.stop();
      await soon.idle();
    },
  };
}
