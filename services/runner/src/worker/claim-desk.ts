/**
 * Asks the gateway whose an attempt is, until it answers: as an event that claims it, answered in what the gateway wants of the job. An
 * answer that stood there before it was asked is none: a broker that has lost its last words may still have the one to an earlier claim, and
 * the attempt be another runner's by now.
 */
import { randomUUID } from 'node:crypto';
import type { Bus } from '@capstan/shared/bus/connect';
import type { Heard } from '@capstan/shared/bus/bucket';
import { getPlacedDesired } from '@capstan/shared/bus/desired';
import { publish } from '@capstan/shared/bus/publish';
import { claimMessageId, eventSubject } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { JobId } from '@capstan/shared/contract/ids';
import { jobEvent, type AttemptOwner, type Desired, type StartCommand } from '@capstan/shared/contract/messages';
import { STATUS } from '@capstan/shared/contract/status';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Claim } from '../docker/ours.ts';

export interface ClaimDesk {
  /** Resolves to whose it is: this runner's, or another's. A gateway of an older version is not asked. */
  ask(claim: Claim, command: () => StartCommand | undefined, signal: AbortSignal): Promise<AttemptOwner>;
  hear(jobId: JobId, desired: Desired, heard: Heard): void;
}

interface ClaimDeskOptions {
  readonly bus: Bus;
  readonly runnerId: string;
  readonly clock: Clock;
  readonly log: Log;
}

const ASK_AGAIN_MS = 2_000;

export function createClaimDesk({ bus, runnerId, clock, log }: ClaimDeskOptions): ClaimDesk {
  const asking = new Map<JobId, (desired: Desired) => void>();

  const say = async ({ jobId, run, attempt }: Claim) => {
    const event = jobEvent({ jobId, run, attempt, code: STATUS.started.code, at: clock.now() });
    const messageId = claimMessageId(event, randomUUID());
    await publish(bus, { subject: eventSubject(jobId), messageId, message: { ...event, claimedBy: runnerId } });
  };

  /** Also reads the answer by itself: the word that told it may be lost. */
  const sayAndLook = async (claim: Claim) => {
    try {
      if (!bus.isConnected()) return;
      const before = await getPlacedDesired(bus, claim.jobId);
      await say(claim);
      const { word, place } = await getPlacedDesired(bus, claim.jobId);
      if (word && place > before.place) asking.get(claim.jobId)?.(word);
    } catch (error) {
      log.debug({ jobId: claim.jobId, problem: messageOf(error) }, 'a claim waits for NATS');
    }
  };

  return {
    hear(jobId, desired, heard) {
      if (heard === 'said') asking.get(jobId)?.(desired);
    },
    ask(claim, command, signal) {
      const { jobId, run, attempt } = claim;
      return new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          clearInterval(again);
          signal.removeEventListener('abort', aborted);
          asking.delete(jobId);
          act();
        };
        const aborted = () => settle(() => reject(signal.reason as Error));
        const again = setInterval(() => {
          log.info({ jobId, run, attempt }, 'a start waits for the answer to its claim');
          look();
        }, ASK_AGAIN_MS);
        /** Also without a command: as long as a run is announced, none may come. A gateway of an older version takes the question for a repetition. */
        const look = () => {
          const known = command();
          if (!known || known.confirmsStarts) void sayAndLook(claim);
          else settle(() => resolve({ attempt, runnerId }));
        };
        asking.set(jobId, ({ run: answered, start }) => {
          if (answered !== run || !start || start.attempt < attempt) return;
          settle(() => resolve(start));
        });
        signal.addEventListener('abort', aborted, { once: true });
        if (signal.aborted) return aborted();
        look();
      });
    },
  };
}
