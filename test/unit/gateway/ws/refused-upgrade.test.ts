import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { CapstanError } from '@capstan/shared/contract/errors';
import { refuse } from '../../../../services/gateway/src/ws/upgrade.ts';

/** A connection whose upgrade was refused, as Node's HTTP server hands it over: half-open, with nobody who reads. */
const refused = async () => {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [stream] = (await once(server, 'connection')) as [Socket];
  const closed = once(stream, 'close');
  stream.on('error', () => stream.destroy());
  return {
    client,
    stream,
    closed,
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
const NOT_FOUND = new CapstanError('NOT_FOUND', 'There is no WebSocket here.');

describe('a connection whose upgrade is refused', () => {
  it('is gone when its client is, also if the client had sent more', async () => {
    await using scene = await refused();
    refuse(scene.stream, NOT_FOUND);
    const [answer] = (await once(scene.client, 'data')) as [Buffer];
    expect(answer.toString()).to.match(/^HTTP\/1\.1 404 Not Found/);
    scene.client.write('x');
    scene.client.end();
    await scene.closed;
  });

  it('is closed after a while, however long its client stays and whatever it goes on sending', async () => {
    await using scene = await refused();
    scene.client.on('error', () => undefined);
    refuse(scene.stream, NOT_FOUND);
    scene.client.write('x'.repeat(100_000));
    await scene.closed;
  });
});
