/** Forgets what is older than the node keeps it: events, what is left of deleted jobs, messages that could never be applied. */
import type { Clock } from '@capstan/shared/clock';
import type { Config } from '@capstan/shared/config/schema';
import type { Log } from '@capstan/shared/log';
import { createRegular } from '@capstan/shared/regularly';
import type { Service } from '@capstan/shared/service';
import type { Store } from '../store/store.ts';

const PRUNE_EVERY_MS = 3_600_000;
/** So many in one transaction, for others wait for it. */
const BATCH = 1_000;
const DAY_MS = 86_400_000;

interface RetentionOptions {
  readonly store: Store;
  readonly settings: Pick<Config['gateway'], 'live' | 'retention'>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createRetention({ store, settings, clock, log }: RetentionOptions): Service {
  const before = (days: number) => clock.now() - days * DAY_MS;

  /** Each removes a batch, inside a transaction, and returns whether there was anything to remove. */
  const kinds: Readonly<Record<string, () => boolean>> = {
    events() {
      const cursor = store.events.prune(before(settings.live.keepEventsDays), BATCH);
      // Who wants to resume from before it is told so.
      if (cursor !== undefined) store.cursors.setPruned(cursor);
      return cursor !== undefined;
    },
    tombstones: () => store.tombstones.prune(before(settings.retention.tombstoneDays), BATCH) > 0,
    'dead letters': () => store.deadLetters.prune(before(settings.retention.deadLetterDays), BATCH) > 0,
  };

  const prune = async (signal: AbortSignal) => {
    for (const [kind, removeBatch] of Object.entries(kinds)) {
      let batches = 0;
      while (!signal.aborted && (await store.write(removeBatch))) batches += 1;
      if (batches > 0) log.info({ kind, batches }, 'what was old is no longer kept');
    }
  };

  return createRegular({
    name: 'retention',
    everyMs: PRUNE_EVERY_MS,
    isAtStart: true,
    work: prune,
    onError: (error) => log.error({ err: error }, 'what is old could not be removed'),
  });
}
