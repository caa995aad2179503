/** Drops results whose time is over, wherever they are, with all that belongs to them. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { JobId } from '@capstan/shared/contract/ids';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { createRegular } from '@capstan/shared/runtime/regularly';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import type { Service } from '@capstan/shared/runtime/service';
import type { Results } from '../results/results.ts';

interface ExpiryOptions {
  readonly results: Results;
  readonly upkeep: Pick<Upkeep, 'paced'>;
  /** Runs of this job are being worked on. */
  readonly isInHand: (jobId: JobId) => boolean;
  /** By which it is told what is over: a clock that believes no leap. */
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

const EVERY_MS = 300_000;
/** How long it is remembered that a run has ended, and how: nothing that comes late may start it again. */
const REMEMBERED_MS = 30 * 86_400_000;

export function createExpiry({ results, upkeep, isInHand, clock, log }: ExpiryOptions): Service {
  const look = async (signal: AbortSignal) => {
    using pace = upkeep.paced('expiry of results', signal);
    for await (const run of results.list()) {
      await pace.rest();
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
  return createRegular({
    name: 'expiry',
    everyMs: EVERY_MS,
    isAtStart: true,
    work: look,
    onError: (error) => log.warn({ err: error }, 'results that expired could not be looked for'),
  });
}
