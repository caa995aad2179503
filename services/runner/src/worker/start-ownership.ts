/**
 * Who may start an attempt. A command goes to whoever is there, also one that a runner died over: then its algorithm may still run on
 * that runner's engine, and the runner may come back. So each start is claimed: first with the broker, where the runners see each other,
 * then with the gateway, whose store gives every attempt to one runner and forgets nothing. The answer is the value that the engine's
 * port makes the algorithm's container with (`docker/ours.ts`): no answer, no container.
 *
 * What another runner has claimed is left to it until its lease has run out; then the run is begun again, as the next attempt.
 *
 * What holds when the two that are asked do not answer as they should:
 * - Unreachable, the broker or the gateway: a start waits, for as long as it takes; only an end of the run, or of the runner, ends the wait. What is
 *   started goes on; a runner that cannot renew its lease ends it before anybody else may begin (`lease.ts`), and a right that was given
 *   before that is worth nothing after it (`mayStart`).
 * - Forgotten by the broker: it is said again at every reconnect, and the gateway's store decides meanwhile. An attempt that the store has
 *   given away is nobody else's, whatever the broker says. A store that is put back from a backup may have forgotten as well: then the
 *   broker's word holds, and the notes on the disk of whoever started it.
 * - Late, or twice: an answer that stood with the broker before the question is none (`claim-desk.ts`). The first claim of an attempt wins, and a claim of an earlier one than was given away gets the later one's owner as its
 *   answer. So whoever asked twice is given the same twice, and an answer that comes after the run has ended, or to an earlier life, grants
 *   nothing: a right is a value of this process, for one attempt.
 */
import type { Heard } from '@capstan/shared/bus/bucket';
import type { Bus } from '@capstan/shared/bus/connect';
import { getStarted, watchStarted } from '@capstan/shared/bus/started';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Desired, StartCommand, Started } from '@capstan/shared/contract/messages';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { retry } from '@capstan/shared/runtime/retry';
import type { Service } from '@capstan/shared/runtime/service';
import { grant, type StartRights, type Theirs } from '../docker/ours.ts';
import type { Lease } from './lease.ts';
import { createClaimDesk } from './claim-desk.ts';
import type { OtherRunners } from './other-runners.ts';
import { isBehind, lapse, leave } from './given-up.ts';
import type { RunEntry } from './run-entry.ts';
import type { RunRegistry } from './run-registry.ts';
import { createStartWords } from './start-words.ts';

/** `theirs`: another runner has it. It is `isSilent` when it may at least be ended by somebody else. */
export type Standing =
  | { readonly kind: 'ours'; readonly attemptsElsewhere: number }
  | (Theirs & { readonly attempt: number; readonly isSilent: boolean });

export interface StartOwnership extends Service, StartRights {
  /** Whether a run may be begun here, and how many attempts others have used up. */
  standing(command: StartCommand, signal: AbortSignal): Promise<Standing>;
  /** The gateway's word about a job, which may hold its answer. */
  hear(jobId: JobId, desired: Desired, heard: Heard): void;
}

interface StartOwnershipOptions {
  readonly bus: Bus;
  readonly runnerId: string;
  /** Ids that it had before. */
  readonly former: readonly string[];
  readonly lease: Pick<Lease, 'held' | 'isHeld'>;
  readonly others: Pick<OtherRunners, 'isOver'>;
  /** Resolves once the runner's id is nobody else's. */
  readonly idIsOurs: (signal: AbortSignal) => Promise<void>;
  readonly runs: RunRegistry;
  readonly clock: Clock;
  readonly log: Log;
}

const TRIES = 3;

export function createStartOwnership(options: StartOwnershipOptions): StartOwnership {
  const { bus, runnerId, former, lease, others, idIsOurs, runs, clock, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const isOurs = (id: string) => id === runnerId || former.includes(id);
  const desk = createClaimDesk({ bus, runnerId, clock, log });
  const words = createStartWords({ bus, runnerId, isOurs });
  const isLost = (entry: RunEntry | undefined, started: Started): entry is RunEntry =>
    !isOurs(started.runnerId) && isBehind(entry, started);
  let forget: (() => void) | undefined;

  /** What is heard may have come too late for the bucket: only what stands there counts. */
  const giveUp = async (jobId: JobId, started: Started) => {
    if (!isLost(runs.get(jobId), started)) return;
    const stands = await getStarted(bus, jobId);
    const entry = runs.get(jobId);
    if (stands && isLost(entry, stands)) leave(entry, stands, log);
  };

  /** What is forgotten by the broker is said again; the other one's word may have been first. */
  const sayAgain = async ({ jobId, run, attempts }: RunEntry) => {
    const attempt = attempts.here;
    if (attempt === 0) return;
    for (let tries = 0; tries < TRIES && bus.isConnected(); tries += 1) {
      try {
        const theirs = await words.say({ jobId, run, attempt });
        const entry = runs.get(jobId);
        if (theirs && isLost(entry, theirs)) leave(entry, theirs, log);
        return;
      } catch (error) {
        log.debug({ jobId, problem: messageOf(error) }, 'other runners could not be told of a start');
      }
    }
  };

  return {
    name: 'start ownership',
    start() {
      forget = bus.onConnected(() => {
        for (const entry of runs.all()) void sayAgain(entry);
      });
      watchStarted(bus, {
        onWord(jobId, started) {
          // A broker that is away tells it again when it is back.
          giveUp(jobId, started).catch((error: unknown) =>
            log.debug({ jobId, problem: messageOf(error) }, 'not sure whose it is'),
          );
        },
        log,
        signal,
      });
      return Promise.resolve();
    },
    stop() {
      forget?.();
      stopping.abort();
      return Promise.resolve();
    },
    hear: desk.hear,
    async standing({ jobId, run, startedBy }, callerSignal) {
      const word = await retry(() => getStarted(bus, jobId), { signal: callerSignal, maxDelayMs: 1_000 });
      const said = word?.run === run ? word : undefined;
      const last = said && said.attempt >= (startedBy?.attempt ?? 0) ? said : startedBy;
      if (!last) return { kind: 'ours', attemptsElsewhere: 0 };
      const { runnerId: other, attempt } = last;
      // Of our own starts the notes on our disk know more; the attempts before were used up, by whomever.
      if (isOurs(other)) return { kind: 'ours', attemptsElsewhere: attempt - 1 };
      const over = await others.isOver(other, callerSignal);
      if (over === 'over') {
        log.warn({ jobId, run, attempt, runnerId: other }, 'going on with the job of a runner that is away');
        return { kind: 'ours', attemptsElsewhere: attempt };
      }
      return { kind: 'theirs', runnerId: other, attempt, isSilent: over === 'silent' };
    },
    async claimStart(claim, callerSignal) {
      const { jobId, run, attempt } = claim;
      const entry = runs.get(jobId);
      await idIsOurs(callerSignal);
      await lease.held(callerSignal);
      const first = await retry(() => words.say(claim), {
        signal: callerSignal,
        maxDelayMs: 1_000,
        onRetry: (error, tries) => {
          if (tries === 3) log.warn({ jobId, problem: messageOf(error) }, 'a start waits for NATS');
        },
      });
      const owner = first ?? (await desk.ask(claim, () => entry?.deliveries.command, callerSignal));
      if (!isOurs(owner.runnerId) || owner.attempt !== attempt) {
        if (!first) await retry(() => words.putRight(claim, owner), { signal: callerSignal, maxDelayMs: 1_000 });
        if (entry) leave(entry, { run, attempt: owner.attempt, runnerId: owner.runnerId }, log);
        return { kind: 'theirs', runnerId: owner.runnerId };
      }
      if (entry) entry.attempts.here = attempt;
      return grant(claim);
    },
    mayStart({ jobId, attempt }) {
      if (lease.isHeld()) return true;
      const entry = runs.get(jobId);
      log.warn({ jobId, attempt }, 'a start comes too late: the lease has run out meanwhile');
      if (entry) lapse(entry);
      return false;
    },
  };
}
