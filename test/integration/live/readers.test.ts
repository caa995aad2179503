import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ResultFile } from '@capstan/shared/contract/job';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import { expect } from 'chai';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { playLog } from '../../support/gateway/played-log.ts';
import { openSocket } from '../../support/gateway/raw.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { cursorsOf, told } from '../../support/live/event-stream.ts';

const MANY_FILES = 999;
const STEPS = [10, 20, 30, 40, 60] as const;

/** What a reader does, once it has had so many bytes: nothing more for now, goes without a word, says goodbye, or reads by drops. */
const MANNERS = ['stops', 'resets', 'ends', 'drips', 'reads on'] as const;
const AFTER_BYTES = [0, 1, 300, 20_000, 400_000] as const;

/** A request for an answer that stays open or is long. */
async function requests(scene: GatewayScene, owner: Caller, jobIds: readonly string[]): Promise<readonly string[]> {
  const [jobId = '', logged = ''] = jobIds;
  const get = (path: string, query: Record<string, string | number>, headers: readonly string[] = []) => {
    const given = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
    const lines = ['Host: x', ...headers].map((line) => `${line}\r\n`).join('');
    return `GET ${path}?${new URLSearchParams(given).toString()} HTTP/1.1\r\n${lines}\r\n`;
  };
  const socket = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const signed = async (...parts: readonly string[]) => ({ ...(await owner.signed(...parts)) });
  return [
    get(EVENTS_PATH, { jobId, from: 'start', follow: 'false' }),
    get(EVENTS_PATH, { owner: owner.address, from: 'start' }),
    get(EVENTS_PATH, { owner: owner.address }),
    get(COMPUTE, { consumerAddress: owner.address }),
    get(COMPUTE, { jobId: logged, waitFor: 1 }),
    get('/api/services/computeLogs', { jobId: logged, ...(await signed(logged, 'log')), follow: 'true' }),
    get('/api/services/computeLogs', { jobId: logged, ...(await signed(logged, 'log')) }),
    get('/api/services/computeResult', { jobId, index: 0, ...(await signed(jobId, '0')) }),
    get(EVENTS_PATH, {}, [...socket, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']) + subscribeFrame(owner.address),
    get('/openapi.json', {}),
  ];
}

/** A client's frame, masked with zeros. */
function subscribeFrame(owner: string): string {
  const text = JSON.stringify({ type: 'subscribe', owner, from: 'start' });
  const { length } = text;
  return `${String.fromCharCode(0x81, 0x80 | 126, length >> 8, length & 0xff)}\0\0\0\0${text}`;
}

interface Reader {
  readonly request: string;
  readonly manner: (typeof MANNERS)[number];
  readonly afterBytes: number;
}

/** Resolves once it has done what it does; what it left open closes with `socket`. */
async function read(url: string, { request, manner, afterBytes }: Reader): Promise<Socket> {
  const socket = await openSocket(url);
  socket.on('error', () => undefined);
  const gone = once(socket, 'close');
  const { promise: isEnough, resolve } = Promise.withResolvers<undefined>();
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes >= afterBytes) resolve(undefined);
    if (manner === 'drips') {
      socket.pause();
      setImmediate(() => socket.resume());
    }
  });
  socket.write(Buffer.from(request, 'latin1'));
  // A short answer is over before; one that stays open may have nothing more to say.
  const quiet = new Promise((enough) => socket.setTimeout(500, () => enough(undefined)));
  if (afterBytes > 0) await Promise.race([isEnough, gone, quiet]);
  if (manner === 'stops') socket.pause();
  else if (manner === 'resets') socket.resetAndDestroy();
  else if (manner === 'ends') socket.end();
  return socket;
}

describe('readers of all manners', function () {
  let scene: GatewayScene;
  let owner: Caller;
  let jobIds: string[];
  before(async () => {
    scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0',
        CAPSTAN_GATEWAY_LIVE_STALL_LIMIT_S: '0.2',
        CAPSTAN_GATEWAY_LIVE_MAX_BUFFERED_KB: '64',
      },
    });
    owner = scene.caller();
    jobIds = [];
    const texts = Object.fromEntries(
      Array.from({ length: MANY_FILES }, (_, i) => [
        `folder/of/results/file-${i}.csv`,
        i === 0 ? 'x'.repeat(3_000_000) : 'x',
      ]),
    );
    let results: ResultFile[] | undefined;
    for (let i = 0; i < 12; i += 1) {
      const { jobId } = await owner.job(scene.order());
      jobIds.push(jobId);
      if (i === 1) {
        await scene.report(jobId, 40);
        continue;
      }
      results ??= [...(await scene.writeResults(jobId, 1, texts))];
      for (const code of STEPS) await scene.report(jobId, code);
      await scene.report(jobId, 70, { details: { results } });
    }
  });
  after(() => scene[Symbol.asyncDispose]());

  it('who read nothing for long are told so, and can go on where they were', async () => {
    const deaf = await openSocket(scene.url);
    using closing = new DisposableStack();
    closing.defer(() => void deaf.destroy());
    deaf.pause();
    const query = new URLSearchParams({ owner: owner.address, from: 'start' }).toString();
    deaf.write(`GET ${EVENTS_PATH}?${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    await scene.logged('an event stream was not read');
    let text = '';
    deaf.on('data', (chunk: Buffer) => (text += chunk.toString()));
    deaf.on('error', () => undefined);
    const closed = once(deaf, 'close');
    deaf.resume();
    await closed;
    const last = [...text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1] ?? '0';
    const rest = cursorsOf(await told(scene.url, { owner: owner.address, from: last }));
    const all = cursorsOf(await told(scene.url, { owner: owner.address, from: 'start' }));
    expect(rest).to.deep.equal(all.filter((cursor) => cursor > Number(last)));
  });

  it('leave the gateway as it is, on every answer that stays open or is long', async () => {
    const [, logged = ''] = jobIds;
    using log = await playLog(scene.bus, logged);
    log.print('stdout', 'a line of a log\n'.repeat(100_000));
    const { pid } = scene.gateway();
    const sockets: Socket[] = [];
    for (const manner of MANNERS) {
      for (const afterBytes of AFTER_BYTES) {
        const all = await requests(scene, owner, jobIds);
        sockets.push(...(await Promise.all(all.map((request) => read(scene.url, { request, manner, afterBytes })))));
        log.print('stderr', 'one more\n');
        await scene.report(logged, 40, { attempt: sockets.length });
      }
    }
    for (const socket of sockets) socket.destroy();
    expect(scene.gateway().pid).to.equal(pid);
    expect((await owner.call('GET', '/')).status).to.equal(200);
    const all = await told(scene.url, { owner: owner.address, from: 'start' });
    expect(all.at(-1)?.event).to.equal('caughtUp');
  });

  it('who read at once have a history of many results whole, without being called too slow', async () => {
    const events = await told(scene.url, { owner: owner.address, from: 'start' });
    expect(events.filter(({ event }) => event === 'problem')).to.deep.equal([]);
    expect(cursorsOf(events).length).to.be.at.least(60);
    expect(events.at(-1)?.event).to.equal('caughtUp');
  });
});
