import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

describe('a TCP proxy', () => {
  let server: Server;
  let proxy: TcpProxy;
  let client: Socket;
  beforeEach(async () => {
    server = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await startTcpProxy((server.address() as { readonly port: number }).port);
    client = await opened();
  });
  afterEach(async () => {
    client.destroy();
    await proxy[Symbol.asyncDispose]();
    server.close();
    await once(server, 'close');
  });

  const opened = async () => {
    const socket = connect(proxy.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  const echoOf = async (text: string) => {
    client.write(text);
    let heard = '';
    while (heard.length < text.length) heard += String((await once(client, 'data'))[0]);
    return heard;
  };

  it('carries both ways', async () => {
    expect(await echoOf('hello')).to.equal('hello');
  });

  it('that is silent takes connections, and breaks what came through it when it is open again', async () => {
    await echoOf('hello');
    proxy.set({ kind: 'silent' });
    // It ends, and the server does not hear of it.
    const closed = once(client, 'close');
    client.end('lost');
    await closed;
    const other = await opened();
    other.destroy();
    proxy.set({ kind: 'open' });
    client = await opened();
    expect(await echoOf('again')).to.equal('again');
  });

  it('that is cut breaks what there is, and lets nobody in until it is open again', async () => {
    await echoOf('hello');
    const closed = once(client, 'close');
    proxy.set({ kind: 'cut' });
    await closed;
    const refused = await opened();
    await once(refused, 'close');
    proxy.set({ kind: 'open' });
    client = await opened();
    expect(await echoOf('again')).to.equal('again');
  });

  it('that is slow keeps the order', async () => {
    proxy.set({ kind: 'slow', ms: 30 });
    client.write('first ');
    expect(await echoOf('second')).to.match(/^first/);
  });
});
