/**
 * Clears away what nobody has in hand. Each run cleans up after itself; this is for what should not happen and does: a cleaning that
 * failed, a container that came back with the engine. Looked for regularly, because nothing tells of it.
 */
import { messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import { createRegular } from '@capstan/shared/regularly';
import type { Service } from '@capstan/shared/service';
import type { AttemptIdentity } from './docker/names.ts';

interface ReaperOptions {
  readonly everyS: number;
  /** Clears away what may go; resolves to runs that go on, for their algorithms were started. */
  readonly findUnfinished: () => Promise<readonly AttemptIdentity[]>;
  readonly adopt: (identity: AttemptIdentity) => void;
  readonly removeDrafts: () => Promise<void>;
  readonly log: Log;
}

export function createReaper({ everyS, findUnfinished, adopt, removeDrafts, log }: ReaperOptions): Service {
  const reap = async () => {
    for (const identity of await findUnfinished()) {
      log.warn({ jobId: identity.jobId, run: identity.run }, 'found a run that nobody had in hand, going on with it');
      adopt(identity);
    }
    await removeDrafts();
  };
  return createRegular({
    name: 'reaper',
    everyMs: everyS * 1_000,
    // What was left by an earlier life is looked for before the work begins.
    isAtStart: false,
    work: reap,
    onError: (error) => log.warn({ problem: messageOf(error) }, 'could not look for what was left behind'),
  });
}
