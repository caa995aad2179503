import { once } from 'node:events';
import { createServer, get, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { oneByOne } from '../../../../services/gateway/src/http/one-by-one.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
/** Node hands over the head of one with so many headers in several parts. */
const LARGE_REQUEST = `GET / HTTP/1.1\r\nHost: x\r\n${Array.from({ length: 500 }, (_, i) => `x${i}: 1\r\n`).join('')}\r\n`;

/** A server whose answers wait until they are told to go on, and a client of it. */
const aServer = async () => {
  const begun: ServerResponse[] = [];
  const server = createServer();
  server.on(
    'request',
    oneByOne((_request, response) => {
      begun.push(response);
      server.emit('begun');
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  client.on('error', () => undefined);
  return {
    server,
    port,
    client,
    begun,
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

describe('requests that a connection sends ahead', () => {
  it('are begun one after the other, in their order, each when the one before is answered', async () => {
    await using scene = await aServer();
    const requests = 20;
    const first = once(scene.server, 'begun');
    scene.client.resume();
    scene.client.write(REQUEST.repeat(requests));
    await first;
    for (let i = 0; i < requests; i += 1) {
      expect(scene.begun).to.have.length(i + 1);
      const next = once(scene.server, 'begun');
      scene.begun[i]?.end(String(i));
      if (i < requests - 1) await next;
    }
  });

  it('are not even read beyond a few, until those before them are answered', async () => {
    await using scene = await aServer();
    let read = 0;
    scene.server.on('request', () => (read += 1));
    const signal = AbortSignal.timeout(5_000);
    const paused = once(scene.server, 'connection').then(async ([socket]) =>
      once(socket as Socket, 'pause', { signal }),
    );
    const requests = 100;
    const first = once(scene.server, 'begun');
    scene.client.resume();
    for (let i = 0; i < requests; i += 1) scene.client.write(LARGE_REQUEST);
    await first;
    await paused;
    // Others are answered meanwhile, so that there was time to read on.
    for (let i = 0; i < 5; i += 1) {
      const begun = once(scene.server, 'begun');
      const answered = once(get({ port: scene.port, agent: false }), 'response', { signal });
      await begun;
      scene.begun.pop()?.end();
      await answered;
      read -= 1;
    }
    expect(read).to.be.lessThan(requests / 2);
    for (let i = 0; i < requests; i += 1) {
      const next = once(scene.server, 'begun');
      scene.begun[i]?.end(String(i));
      if (i < requests - 1) await next;
    }
    expect(read).to.equal(requests);
  });

  it('are too many at some point: the connection is cut off, and none of those that wait is begun', async () => {
    await using scene = await aServer();
    const closed = once(scene.client, 'close');
    scene.client.write(REQUEST.repeat(500));
    scene.client.resume();
    await closed;
    expect(scene.begun).to.have.length(1);
  });
});
