/**
 * A runner's id is its own. Two processes under one id would adopt the same containers, and each would be taken for the other. The one
 * that comes second finds that somebody answers under the id, and ends; of two that came at once, or that a partition kept apart, both
 * hear the other's announcements, and the later one ends. It does so only if the other one is there and proves that it is of this node:
 * anybody may announce anything.
 */
import { randomUUID } from 'node:crypto';
import type { Bus } from '@capstan/shared/bus/connect';
import { answerPresence, presence } from '@capstan/shared/bus/presence';
import { listen } from '@capstan/shared/bus/publish';
import { announceSubject, claimedSubject, claimSubject } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/runtime/clock';
import { AnnouncementSchema, type Announcement } from '@capstan/shared/contract/messages';
import { CapstanError, hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import type { Log } from '@capstan/shared/runtime/log';
import { retry } from '@capstan/shared/runtime/retry';
import { unlessAborted } from '@capstan/shared/runtime/unless-aborted';
import { compile } from '@capstan/shared/schema/validate';
import { isProven, prove } from './claim-proof.ts';

export interface Claim {
  /** This process, as it announces itself. */
  readonly self: Pick<Announcement, 'runnerId' | 'instance' | 'since'>;
  /** Resolves when no other process has the id, or NATS can't be asked for now. Rejects with RUNNER_ID_TAKEN, or if the signal aborts. */
  held(signal: AbortSignal): Promise<void>;
  /** Resolves once no other process has the id, however long nobody can be asked: before it, nothing is started under it. */
  sure(signal: AbortSignal): Promise<void>;
  /** Settles, with RUNNER_ID_TAKEN, if the id turns out to be another process's after all. */
  readonly lost: Promise<CapstanError>;
}

interface ClaimOptions {
  readonly bus: Bus;
  readonly runnerId: string;
  /** New with every process. */
  readonly instance: string;
  /** What the processes of a node have in common, and nobody else. */
  readonly key: NodeKey;
  /** Keeps whether the id is ours: before anything is started under it, and before another one is taken. */
  readonly keepHeld: (isHeld: boolean) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Jobs that run must be looked after, also while NATS is away: then the question is asked when it is back. */
const WITHOUT_NATS_MS = 5_000;
const ANSWER_MS = 2_000;

const CAME_LATER = 'another runner came under the id of this one; it is to end';
const UNPROVEN =
  'somebody announces a runner under the id of this one, and does not prove to be of this node; going on. Look who may speak on this NATS, or whether another node has a runner of this id';

const validate = compile(AnnouncementSchema);

export function createClaim({ bus, runnerId, instance, key, keepHeld, clock, log }: ClaimOptions): Claim {
  const self = { runnerId, instance, since: clock.now() };
  const subject = claimSubject(runnerId);
  const { promise: lost, resolve: lose } = Promise.withResolvers<CapstanError>();
  const { promise: sure, resolve: beSure } = Promise.withResolvers<void>();
  const taken = () =>
    new CapstanError(
      'RUNNER_ID_TAKEN',
      `Another runner with the id ${runnerId} is at work on this NATS. Stop it, or give this one an id of its own (runner.id).`,
    );

  const sayNotKept = (error: unknown) =>
    log.warn({ runnerId, problem: messageOf(error) }, 'whether the id of this runner is its own could not be kept');

  const look = (isEnough: (answer: unknown) => boolean, question = randomUUID()) =>
    presence(bus, { subject, question, replyTo: claimedSubject(runnerId, question), timeoutMs: ANSWER_MS, isEnough });

  /** Resolves once the id is ours. */
  const ask = async (signal: AbortSignal) => {
    for (;;) {
      await bus.connected(signal);
      const { kind } = await retry(() => look(() => true), { signal, maxDelayMs: 1_000 });
      if (kind === 'nobody') break;
      if (kind === 'somebody') throw taken();
      log.warn({ runnerId }, 'another runner with this id is connected and does not answer; waiting for it to go');
    }
    await retry(() => keepHeld(true), { signal, onRetry: sayNotKept });
    beSure();
    answerPresence(bus, { subject, answer: (question) => prove(key, self, question), signal });
    listen(bus, { subject: announceSubject(runnerId), handle: hear, signal });
  };

  /** Somebody speaks under our id: whoever proves to be another process of this node was there first, or comes after us. */
  const judge = async () => {
    const question = randomUUID();
    const found = await look(
      (answer) => isProven(key, { runnerId, question }, answer) && answer.instance !== instance,
      question,
    );
    const others = (found.kind === 'somebody' ? found.answers : [])
      .filter((answer) => isProven(key, { runnerId, question }, answer))
      .filter((other) => other.instance !== instance);
    const isEarlier = (other: { readonly since: number; readonly instance: string }) =>
      self.since > other.since || (self.since === other.since && instance > other.instance);
    if (others.some(isEarlier)) {
      await keepHeld(false).catch(sayNotKept);
      return lose(taken());
    }
    log.warn({ runnerId, others: others.length }, others.length > 0 ? CAME_LATER : UNPROVEN);
  };

  let judging: Promise<void> | undefined;
  const hear = (message: unknown) => {
    const checked = validate(message);
    if (!checked.ok || checked.value.instance === instance) return;
    // One question at a time, however much is said.
    judging ??= judge()
      .catch((error: unknown) =>
        log.debug({ problem: messageOf(error) }, 'not sure who announces under the id of this runner'),
      )
      .finally(() => (judging = undefined));
  };

  return {
    self,
    lost,
    sure: (signal) => unlessAborted(sure, signal),
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
