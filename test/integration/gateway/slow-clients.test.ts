import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { COMPUTE } from '../../support/gateway/caller.ts';
import { bystander, exchange, openSocket } from '../../support/gateway/raw.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const HEADERS_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 2_000;

describe('clients that hold on to their connections', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0',
        CAPSTAN_GATEWAY_LIMITS_MAX_CONNECTIONS_PER_NETWORK: '20000',
        CAPSTAN_GATEWAY_LIMITS_HEADERS_TIMEOUT_S: String(HEADERS_TIMEOUT_MS / 1000),
        CAPSTAN_GATEWAY_LIMITS_REQUEST_TIMEOUT_S: String(REQUEST_TIMEOUT_MS / 1000),
      },
    });
  });
  after(() => scene[Symbol.asyncDispose]());

  it('by headers that never end are sent away', async () => {
    const drip = { text: 'X-More: 1\r\n', everyMs: 100 };
    const answer = await exchange(scene.url, 'GET / HTTP/1.1\r\nHost: localhost\r\n', drip);
    expect(answer.status).to.equal(408);
    expect(answer.json()).to.have.property('error');
    expect(answer.tookMs).to.be.greaterThan(HEADERS_TIMEOUT_MS * 0.9);
  });

  it('by a body that never ends are sent away', async () => {
    const head = `POST ${COMPUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`;
    const answer = await exchange(scene.url, head, { text: ' ', everyMs: 100 });
    expect(answer.status).to.equal(408);
    expect(answer.tookMs).to.be.greaterThan(REQUEST_TIMEOUT_MS * 0.9);
  });

  it('are many, and nobody else notices', async () => {
    const slow = Array.from({ length: 200 }, () =>
      exchange(scene.url, 'GET / HTTP/1.1\r\nHost: localhost\r\n', { text: 'X: 1\r\n', everyMs: 300 }),
    );
    const watching = bystander(scene.url);
    expect(new Set((await Promise.all(slow)).map(({ status }) => status))).to.deep.equal(new Set([408]));
    expect(await watching.stop()).to.be.greaterThan(0);
  });

  it('and say nothing at all are sent away, 10,000 of them', async () => {
    const sockets: Socket[] = [];
    const closed: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i += 1) {
      const more = await Promise.all(Array.from({ length: 100 }, () => openSocket(scene.url)));
      for (const socket of more) {
        socket.on('error', () => undefined);
        closed.push(once(socket, 'close'));
        socket.resume();
      }
      sockets.push(...more);
    }
    const watching = bystander(scene.url);
    await Promise.all(closed);
    expect(await watching.stop()).to.be.greaterThan(0);
  });
});

describe('requests that are not quite HTTP', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  it('one after the other without waiting are answered in their order', async () => {
    const paths = Array.from({ length: 100 }, (_, i) => `/nowhere-${i}`);
    const requests = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const last = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const { text } = await exchange(scene.url, [...requests, last].join(''));
    expect(text.match(/\/nowhere-\d+/g)).to.deep.equal(paths);
    expect(text.match(/HTTP\/1\.1 200/g)).to.have.length(1);
  });

  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const bad = {
    'Content-Length beside Transfer-Encoding': `POST ${COMPUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'two Content-Lengths': `POST ${COMPUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    'a broken chunk': `POST ${COMPUTE} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n${smuggled}`,
    'an odd Transfer-Encoding': `POST ${COMPUTE} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
    'a header without a name': 'GET / HTTP/1.1\r\nHost: localhost\r\n: y\r\n\r\n',
    'a line break in a header': 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n',
    'no HTTP at all': 'hello\r\n\r\n',
    TLS: Buffer.from('16030100f8010000f4030301', 'hex'),
  };
  for (const [what, text] of Object.entries(bad)) {
    it(`with ${what} are a 400, and no second request`, async () => {
      const answer = await exchange(scene.url, text);
      expect(answer.status).to.equal(400);
      expect(answer.json()).to.have.property('error');
      expect(answer.text.match(/HTTP\/1\.1 /g)).to.have.length(1);
    });
  }

  for (const path of ['//', '/elsewhere', '*', 'http://[', '/%', '/api/services/compute/events/']) {
    it(`to upgrade ${path} end with a 404 or 400, and the gateway goes on`, async () => {
      const { status } = await exchange(
        scene.url,
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      expect(status).to.be.oneOf([400, 404]);
      expect((await scene.caller().call('GET', '/')).status).to.equal(200);
    });
  }

  it('that offer HTTP/2 in passing are answered in HTTP/1.1', async () => {
    const { status } = await exchange(
      scene.url,
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n',
    );
    expect(status).to.equal(200);
  });

  for (const method of ['PATCH', 'TRACE', 'PROPFIND']) {
    it(`of the method ${method} are a 405 with Allow`, async () => {
      const answer = await exchange(
        scene.url,
        `${method} ${COMPUTE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      expect(answer.status).to.equal(405);
      expect(answer.text).to.match(/^allow: .*POST.*$/im);
    });
  }
});
