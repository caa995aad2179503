/**
 * Clears away what nobody has in hand. Each run cleans up after itself; this is for what should not happen and does: a cleaning that
 * failed, a container that came back with the engine. Looked for regularly, because nothing tells of it.
 */
import { messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { createWake } from '@capstan/shared/wake';
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
  let timer: NodeJS.Timeout | undefined;
  const reap = async () => {
    for (const identity of await findUnfinished()) {
      log.warn({ jobId: identity.jobId, run: identity.run }, 'found a run that nobody had in hand, going on with it');
      adopt(identity);
    }
    await removeDrafts();
  };
  const reaping = createWake(reap, (error) =>
    log.warn({ problem: messageOf(error) }, 'could not look for what was left behind'),
  );
  return {
    name: 'reaper',
    start() {
      timer = setInterval(() => reaping.wake(), everyS * 1_000);
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      await reaping.idle();
    },
  };
}
