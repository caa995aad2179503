import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { jobEvent } from '@capstan/shared/contract/messages';
import { createLog } from '@capstan/shared/runtime/log';
import { CapstanError } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import fc from 'fast-check';
import { createConsumer, freeOrder } from '../../../../scripts/parts/consumer.ts';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { createApp } from '../../../../services/gateway/src/http/app.ts';
import { createOpenAnswers } from '../../../../services/gateway/src/http/open-answers.ts';
import { createPreparedAnswers } from '../../../../services/gateway/src/http/prepared-answers.ts';
import { getCompute } from '../../../../services/gateway/src/http/routes/get-compute.ts';
import { getEnvironments } from '../../../../services/gateway/src/http/routes/get-environments.ts';
import { createHttpServer, createLimitedServer, urlOf } from '../../../../services/gateway/src/http/server.ts';
import { createClientIp } from '../../../../services/gateway/src/limits/client-ip.ts';
import { createFirstEvent } from '../../../../services/gateway/src/live/first-event.ts';
import { createEnvironmentList } from '../../../../services/gateway/src/scheduling/environments.ts';
import { gatewayParts, SETTINGS, someAssets } from '../../../support/gateway/parts.ts';

const COMPUTE = '/api/services/compute';
const ENVIRONMENTS = '/api/services/computeEnvironments';
const { dataset, algorithm } = someAssets();
const order = {
  environment: 'local',
  dataset: { documentId: dataset.id, serviceId: dataset.services[0]?.id ?? '', transferTxId: freeOrder() },
  algorithm: { documentId: algorithm.id, serviceId: algorithm.services[0]?.id ?? '' },
};
/** Whoever wants no answer out of a cache gets one that was made for them. */
const MADE_ANEW = { 'cache-control': 'no-cache' };

interface Options {
  readonly perIp?: () => void;
  readonly statusAccess?: 'open' | 'id' | 'signed';
  readonly corsOrigins?: readonly string[];
}

/** A gateway that listens, and counts how many answers were given as they lay ready. */
async function aGateway({ perIp = () => undefined, statusAccess = 'open', corsOrigins = ['*'] }: Options = {}) {
  const parts = gatewayParts({ assets: [dataset, algorithm], statusAccess });
  const { store, query, list, live, hub, whatIsTrue, runners, clock, identify } = parts;
  const log = createLog('test', 'silent');
  const rateLimits = { clientIp: createClientIp([]), perIp };
  const requireHost = ([host]: readonly string[] = []) => {
    if (host === 'elsewhere.example') throw new CapstanError('MISDIRECTED', 'This is another node.');
  };
  const prepared = createPreparedAnswers({ rateLimits, requireHost, corsOrigins, log, clock });
  const readers = { identify, bodyLimitBytes: () => 1_000 };
  const answers = createOpenAnswers({ takePlace: () => () => undefined });
  const { keep } = prepared;
  const app = createApp({
    routes: [
      getCompute({
        query,
        isForeign: () => false,
        keep,
        list,
        live,
        firstEvent: createFirstEvent({ live, hub }),
        answers,
      }).by(readers),
      getEnvironments({
        list: createEnvironmentList({ runners, store, configured: [], consumerAddress: '0x' }),
        chainIds: [8996],
        whatIsTrue,
        keep,
      }).by(readers),
    ],
    corsOrigins,
    rateLimits,
    requireHost,
    log,
    clock,
  });
  const server = createLimitedServer(SETTINGS.limits);
  const counted = { ready: 0 };
  const http = createHttpServer({
    server,
    app,
    prepared: {
      serve(...exchange) {
        const isServed = prepared.serve(...exchange);
        if (isServed) counted.ready += 1;
        return isServed;
      },
    },
    gateway: { ...SETTINGS, host: '127.0.0.1', port: 0 },
    log,
  });
  await http.start();
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const sent = request(`${urlOf(server)}${path}`, { method, headers }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const { date: _, ...told } = response.headers;
    return { status: response.statusCode, headers: told, text: (await response.toArray()).join('') };
  };
  let orders = 0;
  const consumers = [1, 2].map(() => createConsumer('http://unused.example'));
  return {
    ...parts,
    counted,
    get,
    consumers,
    submit: async (who: number) => {
      const body = await consumers[who]?.startBody({
        ...order,
        dataset: { ...order.dataset, transferTxId: freeOrder() },
      });
      const bodyHash = createHash('sha256')
        .update(String((orders += 1)))
        .digest('hex');
      return parts.submit({ request: body, bodyHash } as Parameters<typeof parts.submit>[0]);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await http.stop();
      store.close();
    },
  };
}

type Step =
  | { readonly do: 'submit'; readonly who: number }
  | { readonly do: 'send' | 'stop' | 'remove' | 'environment'; readonly job: number }
  | { readonly do: 'event'; readonly job: number; readonly code: 10 | 40 | 70 };

const job = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('submit' as const), who: fc.nat(1) }) },
  fc.record({ do: fc.constantFrom('send' as const, 'stop', 'remove', 'environment'), job }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('event' as const), job, code: fc.constantFrom(10 as const, 40, 70) }),
  },
);

describe('an answer that lies ready', () => {
  it('is never older than a commit that the client could have seen', async () => {
    let ready = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        await using gateway = await aGateway();
        const { store, get, consumers } = gateway;
        const jobs: Awaited<ReturnType<typeof gateway.submit>>[] = [await gateway.submit(0)];
        const perform = async (one: Step) => {
          if (one.do === 'submit') return void jobs.push(await gateway.submit(one.who));
          const { jobId } = jobs[one.job % jobs.length] ?? {};
          if (jobId === undefined) return;
          await store.write((transaction) => {
            switch (one.do) {
              case 'send':
                return void store.queue.markSent(jobId, 5);
              case 'stop':
                return void store.jobs.want(jobId, 'stopped');
              case 'remove':
                return store.jobs.remove(jobId);
              case 'environment':
                return store.probe(one.job);
              case 'event':
                store.queue.markSent(jobId, 5);
                recordEvent(store, transaction, jobEvent({ jobId, run: 1, attempt: 1, code: one.code, at: 9 }));
            }
          });
        };
        for (const one of [undefined, ...steps]) {
          const paths = [
            ...jobs.map(({ jobId }) => `${COMPUTE}?jobId=${jobId}`),
            `${COMPUTE}?jobId=${jobs[0]?.jobId ?? ''}&dates=iso`,
            ...consumers.map(({ address }) => `${COMPUTE}?consumerAddress=${address}`),
            `${COMPUTE}?documentId=${dataset.id}&limit=2`,
            ENVIRONMENTS,
          ];
          // Some are asked for while the commit goes on.
          const meanwhile = paths.map((path) => get(path));
          if (one !== undefined) await perform(one);
          for (const path of paths) {
            const expected = await get(path, MADE_ANEW);
            expect(await get(path), path).to.deep.equal(expected);
            expect(await get(path), path).to.deep.equal(expected);
          }
          await Promise.all(meanwhile);
        }
        ready += gateway.counted.ready;
      }),
      { numRuns: 8 },
    );
    expect(ready).to.be.greaterThan(50);
  });

  it('is the same with an ETag, and shorter for who has it', async () => {
    await using gateway = await aGateway();
    const path = `${COMPUTE}?jobId=${(await gateway.submit(0)).jobId}`;
    const first = await gateway.get(path);
    const { etag = '' } = first.headers;
    expect(await gateway.get(path)).to.deep.equal(first);
    const unchanged = await gateway.get(path, { 'if-none-match': etag });
    expect(gateway.counted.ready).to.equal(2);
    expect(unchanged).to.include({ status: 304, text: '' });
    expect(unchanged.headers).to.include({ etag, 'cache-control': 'private, no-cache' });
    for (const other of ['"another"', `W/${etag}`, `"another", ${etag}`, '*']) {
      const long = await gateway.get(path, { 'if-none-match': other });
      expect(long.status, other).to.equal(other === '"another"' ? 200 : 304);
    }
    expect(await gateway.get(path, {}, 'HEAD')).to.deep.equal({ ...first, text: '' });
  });

  it('is for nobody who brings something to be judged by', async () => {
    await using gateway = await aGateway({ corsOrigins: ['https://page.example'] });
    const path = `${COMPUTE}?jobId=${(await gateway.submit(0)).jobId}`;
    const first = await gateway.get(path);
    expect(first.headers).to.have.property('vary', 'Origin');
    expect(await gateway.get(path)).to.deep.equal(first);
    expect(gateway.counted.ready).to.equal(1);
    const allowed = await gateway.get(path, { origin: 'https://page.example' });
    expect(allowed.headers).to.have.property('access-control-allow-origin', 'https://page.example');
    expect(await gateway.get(path, { authorization: 'Bearer nonsense' })).to.have.property('status', 401);
    expect(await gateway.get(path, { authtoken: 'nonsense' })).to.have.property('status', 401);
    expect(await gateway.get(path, { 'capstan-signature': 'nonsense' })).to.have.property('status', 400);
    expect(await gateway.get(path, { host: 'elsewhere.example' })).to.have.property('status', 421);
    expect(await gateway.get(`${path}&ticket=none`)).to.have.property('status', 401);
    expect(gateway.counted.ready).to.equal(1);
  });

  it('is none where statuses are for their owners', async () => {
    await using gateway = await aGateway({ statusAccess: 'signed' });
    const path = `${COMPUTE}?jobId=${(await gateway.submit(0)).jobId}`;
    for (let times = 0; times < 2; times += 1) expect((await gateway.get(path)).status).to.equal(400);
    expect(gateway.counted.ready).to.equal(0);
  });

  it('counts as a request, and is refused like any other', async () => {
    let asked = 0;
    const perIp = () => {
      asked += 1;
      if (asked > 2)
        throw new CapstanError('TOO_MANY_REQUESTS', 'Too many requests.', { headers: { 'Retry-After': '1' } });
    };
    await using gateway = await aGateway({ perIp });
    const path = `${COMPUTE}?jobId=${(await gateway.submit(0)).jobId}`;
    for (const status of [200, 200, 429]) expect((await gateway.get(path)).status).to.equal(status);
    expect(asked).to.equal(3);
    expect(gateway.counted.ready).to.equal(1);
  });
});
