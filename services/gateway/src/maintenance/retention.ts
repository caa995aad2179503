/** Forgets what is older than the node keeps it: events, what is left of deleted jobs, messages that could never be applied. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';
import type { Log } from '@capstan/shared/runtime/log';
import { createRegular } from '@capstan/shared/runtime/regularly';
import type { Service } from '@capstan/shared/runtime/service';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import type { ReceiptPlace } from '../store/receipts.ts';
import type { Store } from '../store/store.ts';

const PRUNE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

interface RetentionOptions {
  readonly store: Store;
  readonly settings: Pick<Config['gateway'], 'live' | 'retention'>;
  readonly upkeep: Pick<Upkeep, 'drain'>;
  /** By which it is told what is over: a clock that believes no leap. */
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export function createRetention({ store, settings, upkeep, clock, log }: RetentionOptions): Service {
  const before = (days: number) => clock.now() - days * DAY_MS;

  /** Each removes so many, inside a transaction, and returns how many there were. */
  const kinds: Readonly<Record<string, (most: number) => number>> = {
    events(most) {
      const { count, last } = store.events.prune(before(settings.live.keepEventsDays), most);
      // A client that resumes from before it gets a reset and a snapshot.
      if (last !== undefined) store.cursors.setPruned(last);
      return count;
    },
    tombstones: (most) => store.tombstones.prune(before(settings.retention.tombstoneDays), most),
    // By the cautious clock: one that is ahead for a moment must not bring a token back.
    'tokens taken back': (most) => store.revokedTokens.prune(Math.floor(clock.now() / 1_000), most),
    'dead letters': (most) => store.deadLetters.prune(before(settings.retention.deadLetterDays), most),
  };

  const prune = async (signal: AbortSignal) => {
    for (const [kind, step] of Object.entries(kinds)) {
      const rows = await upkeep.drain({ name: kind, step, around: (slice) => store.write(slice), signal });
      if (rows > 0) log.info({ kind, rows }, 'what was old is no longer kept');
    }
  };

  const pruneReceipts = async (signal: AbortSignal) => {
    let last: ReceiptPlace = { chainId: 0, txId: '' };
    let rows = 0;
    const step = (most: number) => {
      const pruned = store.receipts.prune(last, most);
      last = pruned.last;
      rows += pruned.removed;
      return pruned.isEnd ? 0 : most;
    };
    await upkeep.drain({ name: 'receipts of no order', step, around: (slice) => store.write(slice), signal });
    if (rows > 0) log.info({ kind: 'receipts of no order', rows }, 'what was old is no longer kept');
  };

  return createRegular({
    name: 'retention',
    everyMs: PRUNE_EVERY_MS,
    isAtStart: true,
    async work(signal) {
      await prune(signal);
      await pruneReceipts(signal);
    },
    onError: (error) => log.error({ err: error }, 'what is old could not be removed'),
  });
}
