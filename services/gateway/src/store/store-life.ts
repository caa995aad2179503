/** The store as a service: a start moves the cursors ahead, past those that the life before may have told, and a stop closes the file. */
import { randomInt } from 'node:crypto';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import type { Store } from './store.ts';

/** Farther than the events of a life of the node, and near enough for millions of lives. */
const newLeap = () => randomInt(1, 2 ** 31);

export function createStoreLife(store: Store, log: Log): Service {
  return {
    name: 'store',
    async start() {
      try {
        await store.write(() => store.cursors.leap(newLeap()));
      } catch (error) {
        // A disk that is full keeps nobody from reading.
        if (!hasCode(error, 'STORE_UNAVAILABLE')) throw error;
        log.warn({ problem: messageOf(error) }, 'cursors go on as they were: a restored backup may not be noticed');
      }
    },
    stop: () => Promise.resolve(store.close()),
  };
}
