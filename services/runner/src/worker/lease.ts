/**
 * What this runner has started is its own for as long as it can say so on NATS. If it can't for the time that it has promised there, it
 * ends what it has started; others wait for longer than that. Where no other runner offers the same, nobody could take anything over: then
 * the promise is for a day, so that a broker which is away for a night ends nobody's job.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { putLease } from '@capstan/shared/bus/leases';
import type { Clock } from '@capstan/shared/runtime/clock';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { createWake } from '@capstan/shared/runtime/wake';

/** Of a runner that knows of no other one. Also what is assumed of one whose promise nobody knows. */
export const LONE_MS = 24 * 3_600_000;
const MAX_MARGIN_MS = 60_000;
/** Others that were not heard of for so long are gone for good. */
const GONE_MS = 600_000;
/** The longest delay that a timer of Node takes. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** How long others must have seen a lease unchanged: its runner has had time to end its own. */
export const overAfterMs = (endsAfterMs: number) => endsAfterMs + Math.min(endsAfterMs / 2, MAX_MARGIN_MS);
/** The promise that makes `overAfterMs` the time after which others take over. */
export const promiseFor = (takeoverAfterMs: number) =>
  Math.floor(Math.max((takeoverAfterMs * 2) / 3, takeoverAfterMs - MAX_MARGIN_MS));

/** What is remembered of it when the process dies: on what terms its containers run on. */
export interface LeaseNote {
  readonly readShared: () => Promise<boolean>;
  readonly writeShared: (isShared: boolean) => Promise<void>;
}

export interface Lease extends Service {
  /** Resolves once it is held. Rejects if the signal aborts. */
  held(signal: AbortSignal): Promise<void>;
  /** Asked right before a start. A process that stood still learns here that its time is over. */
  isHeld(): boolean;
  /** Another runner that offers the same: from now on it may take over. */
  hearOther(): void;
}

interface LeaseOptions {
  readonly bus: Bus;
  readonly runnerId: string;
  readonly takeoverAfterMs: number;
  readonly note: LeaseNote;
  /** Its time is over: whatever is started here must end. */
  readonly onLapse: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export function createLease({ bus, runnerId, takeoverAfterMs, note, onLapse, clock, log }: LeaseOptions): Lease {
  const sharedMs = promiseFor(takeoverAfterMs);
  const everyMs = Math.min(5_000, Math.max(250, takeoverAfterMs / 6));
  /** The shortest that may stand on NATS. */
  let promisedMs = sharedMs;
  /** Since when it counts: not when it was answered, but when it was said. */
  let renewedAt: number | undefined;
  let beganAt = 0;
  let saidMs: number | undefined;
  let otherHeardAt: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let expiry: NodeJS.Timeout | undefined;
  let forget: (() => void) | undefined;
  let isStopped = false;
  let waiting: (() => void)[] = [];

  const overAt = () => (renewedAt ?? beganAt) + promisedMs;
  const isShared = () => otherHeardAt !== undefined && clock.monotonicMs() - otherHeardAt < GONE_MS;

  const expire = () => {
    if (isStopped) return;
    if (clock.monotonicMs() < overAt()) return arm();
    log.warn(
      { promisedMs },
      'NATS could not be told that this runner lives: what it has started is ended, and begun anew',
    );
    onLapse();
  };
  const arm = () => {
    clearTimeout(expiry);
    if (!isStopped) expiry = setTimeout(expire, Math.min(MAX_DELAY_MS, Math.max(1, overAt() - clock.monotonicMs())));
  };

  /** From here on the shorter one may stand there, whether we hear of it or not. */
  const promise = async (endsAfterMs: number) => {
    if (endsAfterMs >= promisedMs) return;
    await note.writeShared(true);
    promisedMs = endsAfterMs;
    arm();
  };

  const renew = async () => {
    if (isStopped || !bus.isConnected()) return;
    const endsAfterMs = isShared() ? sharedMs : Math.max(LONE_MS, sharedMs);
    await promise(endsAfterMs);
    const saidAt = clock.monotonicMs();
    await putLease(bus, runnerId, { v: 1, endsAfterMs, at: clock.now() });
    renewedAt = saidAt;
    if (endsAfterMs !== saidMs)
      log.debug({ endsAfterMs }, isShared() ? 'a lease that others may wait for' : 'a lease for one that is alone');
    saidMs = endsAfterMs;
    if (endsAfterMs > promisedMs) {
      promisedMs = endsAfterMs;
      await note.writeShared(false);
    }
    arm();
    const woken = waiting;
    waiting = [];
    for (const wakeUp of woken) wakeUp();
  };
  const wake = createWake(renew, (error) =>
    log.debug({ problem: messageOf(error) }, 'the lease could not be renewed, trying on'),
  );

  const isHeld = () => renewedAt !== undefined && clock.monotonicMs() < overAt();

  return {
    name: 'lease',
    async start() {
      beganAt = clock.monotonicMs();
      // An earlier life may have promised it, and its containers run on.
      if (await note.readShared()) otherHeardAt = beganAt;
      else promisedMs = Math.max(LONE_MS, sharedMs);
      arm();
      timer = setInterval(() => wake.wake(), everyMs);
      forget = bus.onConnected(() => wake.wake());
      wake.wake();
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
      clearTimeout(expiry);
      forget?.();
      // One that is on its way ends with the connection.
      return Promise.resolve();
    },
    isHeld,
    async held(signal) {
      while (!isHeld()) {
        await new Promise<void>((resolve, reject) => {
          const abort = () => reject(signal.reason as Error);
          if (signal.aborted) return abort();
          signal.addEventListener('abort', abort, { once: true });
          waiting.push(() => {
            signal.removeEventListener('abort', abort);
            resolve();
          });
        });
      }
    },
    hearOther() {
      const isNews = !isShared();
      otherHeardAt = clock.monotonicMs();
      if (!isNews) return;
      log.info(
        { takeoverAfterMs },
        'another runner offers the same: each goes on with what the other can not look after',
      );
      wake.wake();
    },
  };
}
