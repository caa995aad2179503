/**
 * A runner's id is its own. Two processes under one id would adopt the same containers, and each would be taken for the other. The one
 * that comes second finds that somebody answers under the id, and ends; of two that came at once, or that a partition kept apart, both
 * hear the other's announcements, and the later one ends.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { answerPresence, presence } from '@capstan/shared/bus/presence';
import { listen } from '@capstan/shared/bus/publish';
import { announceSubject, claimSubject } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/clock';
import { AnnouncementSchema, type Announcement } from '@capstan/shared/contract/messages';
import { CapstanError, hasCode } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import { retry } from '@capstan/shared/retry';
import { compile } from '@capstan/shared/validate';

export interface Claim {
  /** This process, as it announces itself. */
  readonly self: Pick<Announcement, 'runnerId' | 'instance' | 'since'>;
  /** Resolves when no other process has the id, or NATS can't be asked for now. Rejects with RUNNER_ID_TAKEN, or if the signal aborts. */
  held(signal: AbortSignal): Promise<void>;
  /** Settles, with RUNNER_ID_TAKEN, if the id turns out to be another process's after all. */
  readonly lost: Promise<CapstanError>;
}

interface ClaimOptions {
  readonly bus: Bus;
  readonly runnerId: string;
  /** New with every process. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Jobs that run must be looked after, also while NATS is away: then the question is asked when it is back. */
const WITHOUT_NATS_MS = 5_000;
const ANSWER_MS = 2_000;

const validate = compile(AnnouncementSchema);

export function createClaim({ bus, runnerId, instance, clock, log }: ClaimOptions): Claim {
  const self = { runnerId, instance, since: clock.now() };
  const subject = claimSubject(runnerId);
  const { promise: lost, resolve: lose } = Promise.withResolvers<CapstanError>();
  const taken = () =>
    new CapstanError(
      'RUNNER_ID_TAKEN',
      `Another runner with the id ${runnerId} is at work on this NATS. Stop it, or give this one an id of its own (runner.id).`,
    );

  /** Resolves once the id is ours. */
  const ask = async (signal: AbortSignal) => {
    for (;;) {
      await bus.connected(signal);
      const found = await retry(() => presence(bus, subject, ANSWER_MS), { signal, maxDelayMs: 1_000 });
      if (found === 'nobody') break;
      if (found === 'somebody') throw taken();
      log.warn({ runnerId }, 'another runner with this id is connected and does not answer; waiting for it to go');
    }
    answerPresence(bus, { subject, signal });
    listen(bus, { subject: announceSubject(runnerId), handle: hear, signal });
  };

  const hear = (message: unknown) => {
    const checked = validate(message);
    if (!checked.ok || checked.value.instance === instance) return;
    const { since = 0, instance: other } = checked.value;
    const isLater = self.since > since || (self.since === since && instance > other);
    if (isLater) lose(taken());
    else log.warn({ runnerId, other }, 'another runner came under the id of this one; it is to end');
  };

  return {
    self,
    lost,
    async held(signal) {
      const asked = ask(signal);
      // Who learns it late learns it by `lost`.
      asked.catch((error: unknown) => {
        if (hasCode(error, 'RUNNER_ID_TAKEN')) lose(error);
      });
      const waited = new AbortController();
      const giveUp = new Promise<void>((resolve) => {
        const timer = setTimeout(() => resolve(), WITHOUT_NATS_MS);
        waited.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
      });
      try {
        await Promise.race([asked, giveUp.then(() => (bus.isConnected() ? asked : undefined))]);
      } finally {
        waited.abort();
      }
    },
  };
}
