/**
 * Webhooks: tells owners who asked for it that their jobs begin and end. What is to be told is stored with the event; it goes when a receiver took
 * it, or after a long time of trying. A receiver may hear the same twice, when the node dies between the answer and the note of it.
 */
import { SigningKey, Wallet } from 'ethers';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { unseal } from '@capstan/shared/crypto/seal';
import type { Service } from '@capstan/shared/runtime/service';
import { createWake } from '@capstan/shared/runtime/wake';
import { bodyOf, delayAfter, signedText } from './message.ts';
import type { Post } from './post.ts';
import { createReceiverPlaces } from './places.ts';
import type { Notification } from '../store/notifications.ts';
import type { Store } from '../store/store.ts';

interface WebhooksOptions {
  readonly store: Store;
  readonly post: Post;
  readonly key: NodeKey;
  readonly settings: Pick<Config['gateway']['notify'], 'giveUpAfterS'>;
  readonly clock: Clock;
  readonly log: Log;
}

const LONGEST_SLEEP_MS = 60_000;

export function createWebhooks({ store, post, key, settings, clock, log }: WebhooksOptions): Service {
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
    const told = { jobId, run, code };
    const url = addressIn(sealedUrl);
    if (url === undefined) {
      await store.write(() => store.notifications.remove(id));
      return log.error(told, 'a notification is sealed to another key than the node has now, and is given up');
    }
    const body = bodyOf(notification, url);
    const timestampS = Math.floor(clock.now() / 1_000);
    const headers = {
      'x-capstan-address': wallet.address,
      'x-capstan-timestamp': String(timestampS),
      'x-capstan-signature': wallet.signMessageSync(signedText(timestampS, body)),
    };
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

  /** Those who are asked now. Nobody waits for them: each has a place of their own. */
  const inWork = new Map<number, Promise<void>>();
  const places = createReceiverPlaces();
  let isHeld = false;
  const hold = (error: unknown) => {
    if (stopping.signal.aborted) return;
    log.warn({ problem: messageOf(error) }, 'notifications have to wait');
    isHeld = true;
    clearTimeout(timer);
    timer = setTimeout(() => {
      isHeld = false;
      wake.wake();
    }, LONGEST_SLEEP_MS);
  };

  const begin = (notification: Notification, leave: () => void) => {
    const work = tell(notification)
      .catch(hold)
      .finally(() => {
        inWork.delete(notification.id);
        leave();
        wake.wake();
      });
    inWork.set(notification.id, work);
  };

  /** Asks as many as have a place. Returns how many more may be due. */
  const beginDue = (now: number): number => {
    const busy = {
      ids: [...inWork.keys()],
      places: places.fullHosts(),
      owners: places.fullOwners(),
      networks: places.fullNetworks(),
    };
    const due = store.notifications.due(now, places.left(), busy);
    for (const notification of due) {
      const leave = places.take(notification);
      if (leave) begin(notification, leave);
    }
    return due.length;
  };

  const round = () => {
    if (isHeld || stopping.signal.aborted) return Promise.resolve();
    clearTimeout(timer);
    const now = clock.now();
    // Of those that were found, some may have shared a host: what is behind them is looked for again.
    while (places.left() > 0 && beginDue(now) > 0);
    const next = store.notifications.nextDue(now);
    if (next !== undefined) timer = setTimeout(() => wake.wake(), Math.min(next - now, LONGEST_SLEEP_MS));
    return Promise.resolve();
  };

  const wake = createWake(round, hold);

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
      await Promise.all(inWork.values());
      clearTimeout(timer);
      await post.close();
    },
  };
}
