/**
 * Whether an attempt is begun before the lease of whoever began the one before could have run out, elsewhere or there: rule 2 where runners
 * share an environment. Seen from the server: how long that runner was not heard to renew it.
 */
import { leaseKey, STARTED_BUCKET } from '@capstan/shared/bus/subjects';
import { identityOf, type AttemptIdentity } from '../../../services/runner/src/docker/names.ts';
import type { Labels } from '../../../services/runner/src/docker/labels.ts';
import { promiseFor } from '../../../services/runner/src/worker/lease.ts';
import type { NatsServer } from '../nats/server.ts';
import type { World } from '../world/world.ts';

/** An attempt that was begun too early, unless the engine lost the one before it. */
export interface Hasty {
  readonly before: Labels;
  readonly text: string;
}

interface Begun {
  readonly identity: AttemptIdentity;
  readonly labels: Labels;
  readonly at: number;
}

/** What a runner may not know of what the server took from it: one renewal of a second, whose answer was lost, and those before came late. */
const UNANSWERED_MS = 2_500;

export function createHasteWatch({ world, takeoverAfterMs }: { world: World; takeoverAfterMs: number }) {
  const renewals = new Map<string, number[]>();
  const begun = new Map<string, Begun[]>();
  const hasty: Hasty[] = [];

  /** `unanswered`: so many renewals before a time may not count for their runner yet. */
  const longestSilence = (runnerId: string, since: number, unanswered: number) => {
    const all = renewals.get(leaseKey(runnerId)) ?? [];
    const first = Math.max(-1, all.findLastIndex((at) => at <= since) - unanswered);
    const heard = [...all.slice(Math.max(0, first)), world.now()];
    return Math.max(...heard.map((at, index) => at - (heard[index - 1] ?? (first === -1 ? 0 : at))));
  };

  return {
    found: hasty as readonly Hasty[],
    /** The same server, watched. */
    over: (server: NatsServer): NatsServer => ({
      ...server,
      put(name, key, text, previousSeq) {
        server.put(name, key, text, previousSeq);
        if (name !== STARTED_BUCKET) return;
        const heard = renewals.get(key) ?? [];
        renewals.set(key, heard);
        heard.push(world.now());
      },
    }),
    started(labels: Labels): void {
      const identity = identityOf(labels);
      if (!identity) return;
      const { jobId, run, attempt } = identity;
      const all = begun.get(`${jobId}.${run}`) ?? [];
      begun.set(`${jobId}.${run}`, all);
      const [before] = all
        .filter((one) => one.identity.attempt < attempt)
        .toSorted((one, other) => other.identity.attempt - one.identity.attempt);
      all.push({ identity, labels, at: world.now() });
      if (!before) return;
      const { runnerId } = before.identity;
      const isElsewhere = runnerId !== identity.runnerId;
      const silentMs = longestSilence(runnerId, before.at, isElsewhere ? 0 : 1);
      // Its promise ends at its own place earlier than the server could see: then it may begin anew itself.
      if (silentMs >= promiseFor(takeoverAfterMs) - (isElsewhere ? 0 : UNANSWERED_MS)) return;
      const text = `attempt ${attempt} of ${jobId}.${run} was begun ${isElsewhere ? 'elsewhere' : 'anew'}, and ${runnerId} had been silent for ${Math.round(silentMs)} ms at most`;
      hasty.push({ before: before.labels, text });
    },
  };
}
