/**
 * Tells owners who asked for it that their jobs begin and end. What is to be told is stored with the event; it goes when a receiver took
 * it, or after a long time of trying. A receiver may hear the same twice, when the node dies between the answer and the note of it.
 */
import { SigningKey, Wallet } from 'ethers';
import type { Clock } from '@capstan/shared/clock';
import type { Config } from '@capstan/shared/config/schema';
import { hasCode, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { NodeKey } from '@capstan/shared/node-key';
import { unseal } from '@capstan/shared/seal';
import type { Service } from '@capstan/shared/service';
import { createWake } from '@capstan/shared/wake';
import { bodyOf, delayAfter, signedText } from '../notify/message.ts';
import type { Post } from '../notify/post.ts';
import type { Notification } from '../store/notifications.ts';
import type { Store } from '../store/store.ts';

interface NotifierOptions {
  readonly store: Store;
  readonly post: Post;
  readonly key: NodeKey;
  readonly settings: Pick<Config['gateway']['notify'], 'giveUpAfterS'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Receivers that are asked at the same time. */
const AT_ONCE = 16;
const LONGEST_SLEEP_MS = 60_000;

export function createNotifier({ store, post, key, settings, clock, log }: NotifierOptions): Service {
  const wallet = new Wallet(new SigningKey(key.secret()));
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let forget: (() => void) | undefined;

  /** Undefined for one that no try will ever open: it must not stand in the way of the others. */
  const addressIn = (sealedUrl: string): string | undefined => {
    try {
      return unseal(key, sealedUrl);
    } catch (error) {
      if (hasCode(error, 'FETCH_FAILED')) return undefined;
      throw error;
    }
  };

  const tell = async (notification: Notification) => {
    const { id, jobId, run, code, at, sealedUrl, tries } = notification;
    const body = bodyOf(notification);
    const timestampS = Math.floor(clock.now() / 1_000);
    const headers = {
      'x-capstan-address': wallet.address,
      'x-capstan-timestamp': String(timestampS),
      'x-capstan-signature': wallet.signMessageSync(signedText(timestampS, body)),
    };
    const told = { jobId, run, code };
    const url = addressIn(sealedUrl);
    if (url === undefined) {
      await store.write(() => store.notifications.remove(id));
      return log.error(told, 'a notification is sealed to another key than the node has now, and is given up');
    }
    const problem = await post.send(url, { body, headers }, stopping.signal);
    if (problem === undefined) {
      await store.write(() => store.notifications.remove(id));
      return log.info(told, 'owner notified');
    }
    const dueAt = clock.now() + delayAfter(tries + 1);
    if (dueAt - at <= settings.giveUpAfterS * 1_000) {
      await store.write(() => store.notifications.postpone(id, dueAt));
      return log.debug({ ...told, problem }, 'a notification was not taken, it will be tried again');
    }
    await store.write(() => store.notifications.remove(id));
    log.info({ ...told, problem }, 'a notification was not taken, and is given up');
  };

  const round = async () => {
    clearTimeout(timer);
    while (!stopping.signal.aborted) {
      const due = store.notifications.due(clock.now(), AT_ONCE);
      if (due.length === 0) break;
      await Promise.all(due.map(tell));
    }
    const next = store.notifications.nextDue();
    if (next === undefined || stopping.signal.aborted) return;
    timer = setTimeout(() => wake.wake(), Math.min(Math.max(0, next - clock.now()), LONGEST_SLEEP_MS));
  };

  const wake = createWake(round, (error) => {
    if (stopping.signal.aborted) return;
    log.warn({ problem: messageOf(error) }, 'notifications have to wait');
    timer = setTimeout(() => wake.wake(), LONGEST_SLEEP_MS);
  });

  return {
    name: 'notifier',
    start() {
      forget = store.onCommitted(() => wake.wake());
      wake.wake();
      return Promise.resolve();
    },
    async stop() {
      forget?.();
      stopping.abort();
      clearTimeout(timer);
      await wake.idle();
      clearTimeout(timer);
      await post.close();
    },
  };
}
