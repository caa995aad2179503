import { expect } from 'chai';
import { loadConfig } from '@capstan/shared/config/load';
import { jobEvent } from '@capstan/shared/contract/messages';
import { createLog } from '@capstan/shared/runtime/log';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';
import { outputOf } from '../../../../services/gateway/src/admission/output.ts';
import { noteForWebhook } from '../../../../services/gateway/src/notify/note-event.ts';
import { createWebhooks } from '../../../../services/gateway/src/notify/webhooks.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress, aNewJob, aNonce } from '../a-job.ts';

/** A notifier with these notifications waiting, and receivers that answer when they are told to. */
async function notifierFor(
  receivers: readonly { readonly host: string; readonly owner: number; readonly network?: string }[],
) {
  const key = nodeKeyFrom('22'.repeat(32));
  const store = openStore(':memory:');
  await store.write(() => {
    for (const [n, { host, owner, network = '' }] of receivers.entries()) {
      const jobId = aJobId(n + 1);
      const request = { output: { notifyUrl: `https://${host}/${n}` } } as Parameters<typeof outputOf>[0];
      const spec = JSON.stringify(
        outputOf(request, { seal: (text) => seal(publicKeyOf(key), text), notifyProblem: () => undefined }),
      );
      const job = store.jobs.add(aNewJob({ jobId, nonce: aNonce(n + 1), owner: anAddress(owner), network }), spec);
      noteForWebhook(store, jobEvent({ jobId, run: 1, attempt: 1, code: 10, at: 1_000 }), job);
    }
  });
  const asked: string[] = [];
  const answers = new Map<string, () => void>();
  let heard = () => undefined as void;
  const notifier = createWebhooks({
    store,
    post: {
      send(url, _message, signal) {
        const { host, pathname } = new URL(url);
        asked.push(`${host}${pathname}`);
        heard();
        return new Promise((resolve, reject) => {
          answers.set(`${host}${pathname}`, () => resolve(undefined));
          signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
        });
      },
      close: () => Promise.resolve(),
    },
    key,
    settings: loadConfig({}, '/nowhere').gateway.notify,
    clock: { now: () => 1_000, monotonicMs: () => 0 },
    log: createLog('test', 'silent'),
  });
  await notifier.start();
  return {
    asked,
    answer: (url: string) => answers.get(url)?.(),
    /** Resolves once so many were asked. */
    async untilAsked(count: number) {
      while (asked.length < count) await new Promise<void>((resolve) => (heard = resolve));
      return [...asked];
    },
    async [Symbol.asyncDispose]() {
      await notifier.stop();
      store.close();
    },
  };
}

const silent = (count: number) => Array.from({ length: count }, () => ({ host: 'silent.example', owner: 1 }));

describe('receivers of notifications', () => {
  it('that say nothing hold up nobody else, however many wait for them', async () => {
    await using scene = await notifierFor([...silent(100), { host: 'good.example', owner: 2 }]);
    const asked = await scene.untilAsked(3);
    expect(asked.filter((url) => url.startsWith('silent'))).to.have.length(2);
    expect(asked).to.include('good.example/100');
  });

  it('are asked one after another where they have one host, as they answer', async () => {
    await using scene = await notifierFor(silent(4));
    expect(await scene.untilAsked(2)).to.deep.equal(['silent.example/0', 'silent.example/1']);
    scene.answer('silent.example/0');
    expect(await scene.untilAsked(3)).to.include('silent.example/2');
  });

  it('take no more places when an owner names another host each time', async () => {
    const many = Array.from({ length: 30 }, (_, n) => ({ host: `h${n}.example`, owner: 1 }));
    await using scene = await notifierFor([...many, { host: 'good.example', owner: 2 }]);
    const asked = await scene.untilAsked(9);
    expect(asked).to.have.length(9).and.include('good.example/30');
  });

  it('take no more than a quarter of the places when a network has another owner and another host each time', async () => {
    const many = Array.from({ length: 100 }, (_, n) => ({
      host: `h${n}.example`,
      owner: 10 + n,
      network: '192.0.2.1',
    }));
    await using scene = await notifierFor([...many, { host: 'good.example', owner: 2, network: '198.51.100.1' }]);
    const asked = await scene.untilAsked(17);
    expect(asked).to.have.length(17).and.include('good.example/100');
  });

  it('wait in no greater number than makes the rounds long, those of one network', async () => {
    const store = openStore(':memory:');
    const most = 4_000;
    const spec = JSON.stringify({ output: { sealedNotifyUrl: '0x00' } });
    const add = (n: number, network: string) => {
      const job = store.jobs.add(aNewJob({ jobId: aJobId(n), nonce: aNonce(n), network }), spec);
      noteForWebhook(store, jobEvent({ jobId: job.jobId, run: 1, attempt: 1, code: 10, at: 1_000 }), job);
    };
    await store.write(() => {
      for (let n = 1; n <= most + 10; n += 1) add(n, '192.0.2.1');
      add(most + 11, '198.51.100.1');
    });
    const due = store.notifications.due(2_000, 2 * most);
    expect(due.filter(({ network }) => network === '192.0.2.1')).to.have.length(most);
    expect(due.filter(({ network }) => network === '198.51.100.1')).to.have.length(1);
    store.close();
  });
});
