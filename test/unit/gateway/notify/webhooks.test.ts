import { expect } from 'chai';
import { loadConfig } from '@capstan/shared/config/load';
import { jobEvent } from '@capstan/shared/contract/messages';
import { createLog } from '@capstan/shared/runtime/log';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';
import { noteForWebhook } from '../../../../services/gateway/src/notify/note-event.ts';
import { createWebhooks } from '../../../../services/gateway/src/notify/webhooks.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, aNewJob, aNonce } from '../a-job.ts';

describe('a notification that was sealed to another key', () => {
  it('is given up, and stands in nobody else’s way', async () => {
    const [key, former] = [nodeKeyFrom('22'.repeat(32)), nodeKeyFrom('33'.repeat(32))];
    const store = openStore(':memory:');
    const clock = { now: () => 1_000, monotonicMs: () => 0 };
    await store.write(() => {
      for (const [n, sealedTo] of [former, key].entries()) {
        const jobId = aJobId(n + 1);
        const sealedNotifyUrl = seal(publicKeyOf(sealedTo), `https://owner.example/${n}`);
        const job = store.jobs.add(
          aNewJob({ jobId, nonce: aNonce(n + 1) }),
          JSON.stringify({ output: { sealedNotifyUrl } }),
        );
        noteForWebhook(store, jobEvent({ jobId, run: 1, attempt: 1, code: 10, at: 1_000 }), job);
      }
    });
    const { promise: sent, resolve } = Promise.withResolvers<string>();
    const notifier = createWebhooks({
      store,
      post: {
        send(url) {
          resolve(url);
          return Promise.resolve(undefined);
        },
        close: () => Promise.resolve(),
      },
      key,
      settings: loadConfig({}, '/nowhere').gateway.notify,
      clock,
      log: createLog('test', 'silent'),
    });
    await notifier.start();
    expect(await sent).to.equal('https://owner.example/1');
    await notifier.stop();
    expect(store.notifications.due(2_000, 10)).to.deep.equal([]);
    store.close();
  });
});
