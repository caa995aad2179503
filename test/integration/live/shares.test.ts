import { once } from 'node:events';
import { connect } from 'node:net';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import { expect } from 'chai';
import { startGateway } from '../../support/gateway/scene.ts';
import { openClient, type Client } from '../../support/live/client.ts';

describe('a socket among others of its network', () => {
  it('shares the subscriptions that a network may have with its other sockets', async () => {
    await using few = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_LIVE_MAX_FOLLOWERS_PER_NETWORK: '2',
        CAPSTAN_GATEWAY_LIVE_MAX_SUBSCRIPTIONS: '3',
      },
      hasRunner: false,
    });
    await using first = openClient(few.url);
    await using second = openClient(few.url);
    const subscribe = (client: Client, count: number) => {
      for (let i = 0; i < count; i += 1)
        client.say({ type: 'subscribe', subscription: `s${i}`, documentId: few.dataset.id });
      return client.until((frame) => frame.type === 'caughtUp' && frame.subscription === `s${count - 1}`, 'the last');
    };
    await subscribe(first, 3);
    await subscribe(second, 1);
    second.say({ type: 'subscribe', subscription: 'more', documentId: few.dataset.id });
    expect(await second.ended()).to.deep.equal({ code: 4429, error: 'TOO_MANY_REQUESTS' });
    first.say({ type: 'ping' });
    await first.until(({ type }) => type === 'pong', 'the first one');
  });

  it('is not opened on a connection with an answer that goes on: the two would be written into one another', async () => {
    await using scene = await startGateway({ hasRunner: false });
    const { hostname, port } = new URL(scene.url);
    const socket = connect(Number(port), hostname);
    const said: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => said.push(bytes)).on('error', () => undefined);
    const path = `${EVENTS_PATH}?documentId=${scene.dataset.id}`;
    const upgrade = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    const request = (target: string, headers: readonly string[]) =>
      [`GET ${target} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');
    socket.write(request(path, ['Accept: text/event-stream']) + request(EVENTS_PATH, upgrade));
    await once(socket, 'close');
    expect(Buffer.concat(said).toString()).not.to.contain('101 Switching');
  });
});
