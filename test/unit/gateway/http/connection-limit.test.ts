import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { limitConnections } from '../../../../services/gateway/src/http/connection-limit.ts';
import { urlOf } from '../../../../services/gateway/src/http/server.ts';
import { openSocket } from '../../../support/gateway/raw.ts';

const MOST = 8;

async function aServer(trusted: readonly string[] = []) {
  const warnings: unknown[] = [];
  const server = createServer((_, response) => response.end('hello'));
  const settings = {
    limits: { maxConnectionsPerNetwork: MOST },
    live: { maxFollowersPerNetwork: 1 },
    trustedProxies: trusted,
  };
  limitConnections(server, settings, { warn: (facts: unknown) => void warnings.push(facts) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = urlOf(server);
  const held: Socket[] = [];
  return {
    url,
    warnings,
    held,
    /** Opens a connection; resolves to what comes of a request on it: its answer, or that it was closed. */
    async ask(): Promise<string> {
      const socket = await openSocket(url);
      held.push(socket);
      socket.on('error', () => undefined);
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      return new Promise((resolve) => {
        socket.once('data', () => resolve('answered'));
        socket.once('close', () => resolve('closed'));
      });
    },
    async [Symbol.asyncDispose]() {
      for (const socket of held) socket.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

describe('the connections of one network', () => {
  it('are so many at most, and the operator hears of it once', async () => {
    await using scene = await aServer();
    for (let i = 0; i < MOST; i += 1) expect(await scene.ask()).to.equal('answered');
    for (let i = 0; i < 3; i += 1) expect(await scene.ask()).to.equal('closed');
    expect(scene.warnings).to.deep.equal([{ network: '127.0.0.1', most: MOST }]);
  });

  it('leave their place when they close, also those that never said anything', async () => {
    await using scene = await aServer();
    const silent = await Promise.all(Array.from({ length: MOST }, () => openSocket(scene.url)));
    for (const socket of silent) socket.on('error', () => undefined);
    expect(await scene.ask()).to.equal('closed');
    const [first, ...others] = silent;
    first?.resume().end();
    if (first) await once(first, 'close');
    expect(await scene.ask()).to.equal('answered');
    for (const socket of others) socket.destroy();
  });

  it('are not counted for a proxy of ours, who speaks for many', async () => {
    await using scene = await aServer(['127.0.0.0/8']);
    for (let i = 0; i < 3 * MOST; i += 1) expect(await scene.ask()).to.equal('answered');
    expect(scene.warnings).to.deep.equal([]);
  });
});
