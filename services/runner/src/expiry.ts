/** Drops results whose time is over, wherever they are, with all that belongs to them. */
import type { Clock } from '@capstan/shared/clock';
import type { JobId } from '@capstan/shared/contract/ids';
import { messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { createWake } from '@capstan/shared/wake';
import type { Results } from './results/results.ts';

interface ExpiryOptions {
  readonly results: Results;
  /** Runs of this job are being worked on. */
  readonly isInHand: (jobId: JobId) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const EVERY_MS = 300_000;
/** How long it is remembered that a run has ended, and how: nothing that comes late may start it again. */
const REMEMBERED_MS = 30 * 86_400_000;

export function createExpiry({ results, isInHand, clock, log }: ExpiryOptions): Service {
  const stopping = new AbortController();
  const { signal } = stopping;
  let timer: NodeJS.Timeout | undefined;

  const look = async () => {
    for (const run of await results.list()) {
      if (signal.aborted || isInHand(run.jobId)) continue;
      try {
        const manifest = await results.read(run);
        if (!manifest) continue;
        const overMs = clock.now() - manifest.expiresAt;
        if (overMs > REMEMBERED_MS) await results.forget(run);
        else if (overMs >= 0 && manifest.droppedAt === undefined) {
          await results.drop(manifest, { droppedAt: clock.now(), signal });
          log.info({ ...run }, 'results expired and are gone');
        }
      } catch (error) {
        // The next round comes back to it.
        log.warn({ ...run, problem: messageOf(error) }, 'results that expired could not be dropped');
      }
    }
  };
  const wake = createWake(look, (error) => {
    if (!signal.aborted) log.warn({ err: error }, 'results that expired could not be looked for');
  });

  return {
    name: 'expiry',
    start() {
      timer = setInterval(() => wake.wake(), EVERY_MS);
      wake.wake();
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await wake.idle();
    },
  };
}
