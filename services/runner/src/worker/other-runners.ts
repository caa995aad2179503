/** What is known of the other runners: which of them offer the same, and whether one that has something in hand can still be at it. */
import { LRUCache } from 'lru-cache';
import type { Bus } from '@capstan/shared/bus/connect';
import { getLease } from '@capstan/shared/bus/leases';
import { listen } from '@capstan/shared/bus/publish';
import { ALL_ANNOUNCEMENTS } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/runtime/clock';
import { AnnouncementSchema } from '@capstan/shared/contract/messages';
import { retry } from '@capstan/shared/runtime/retry';
import type { Service } from '@capstan/shared/runtime/service';
import { compile } from '@capstan/shared/schema/validate';
import { LONE_MS, overAfterMs } from './lease.ts';

/** `silent`: for so long that its jobs may be ended, and not yet that they may be begun anew. `over`: its lease has run out, what it had is nobody's. */
export type LeaseState = 'alive' | 'silent' | 'over';

export interface OtherRunners extends Service {
  /** Asks the broker. A lease is over when it was seen unchanged for longer than its runner promised to wait: whatever the clocks say. */
  isOver(runnerId: string, signal: AbortSignal): Promise<LeaseState>;
}

interface OtherRunnersOptions {
  readonly bus: Bus;
  readonly runnerId: string;
  /** What this runner offers. */
  readonly environments: readonly string[];
  readonly takeoverAfterMs: number;
  /** Another one offers the same. */
  readonly onShared: () => void;
  readonly clock: Clock;
}

interface Seen {
  readonly mark: string;
  readonly sinceMs: number;
  /** The last that was read of it, also if the broker has forgotten it since. */
  readonly endsAfterMs: number | undefined;
}

const validate = compile(AnnouncementSchema);
/** Anybody who may speak as a runner may announce as many as they like. */
const MOST_RUNNERS = 1_000;

export function createOtherRunners(options: OtherRunnersOptions): OtherRunners {
  const { bus, runnerId, environments, takeoverAfterMs, onShared, clock } = options;
  const stopping = new AbortController();
  /** Of those that were asked for. One that is forgotten is waited for anew: a takeover comes later, and never too early. */
  const leases = new LRUCache<string, Seen>({ max: MOST_RUNNERS });
  /** When each of them was last heard, in monotonic milliseconds: all there is of runners of older versions. */
  const heard = new LRUCache<string, number>({ max: MOST_RUNNERS });

  const hear = (message: unknown) => {
    const checked = validate(message);
    if (!checked.ok || checked.value.runnerId === runnerId) return;
    const { runnerId: other, environments: offered } = checked.value;
    // Of one that nobody has asked for yet, the first look begins to count anyway.
    if (leases.has(other)) heard.set(other, clock.monotonicMs());
    if (offered.some(({ id }) => environments.includes(id))) onShared();
  };

  const look = async (other: string, signal: AbortSignal): Promise<Seen> => {
    const { lease, mark } = await retry(() => getLease(bus, other), { signal, maxDelayMs: 1_000 });
    const before = leases.get(other);
    if (before?.mark === mark) return before;
    const seen = { mark, sinceMs: clock.monotonicMs(), endsAfterMs: lease?.endsAfterMs ?? before?.endsAfterMs };
    leases.set(other, seen);
    return seen;
  };

  return {
    name: 'other runners',
    start() {
      listen(bus, { subject: ALL_ANNOUNCEMENTS, handle: hear, signal: stopping.signal });
      return Promise.resolve();
    },
    stop() {
      stopping.abort();
      return Promise.resolve();
    },
    async isOver(other, signal) {
      const { mark, sinceMs, endsAfterMs } = await look(other, signal);
      const since = mark === 'none' ? Math.max(sinceMs, heard.get(other) ?? 0) : sinceMs;
      const silentMs = clock.monotonicMs() - since;
      if (silentMs >= Math.max(takeoverAfterMs, overAfterMs(endsAfterMs ?? LONE_MS))) return 'over';
      return silentMs >= takeoverAfterMs ? 'silent' : 'alive';
    },
  };
}
