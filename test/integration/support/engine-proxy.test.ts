import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { systemCode } from '../../../shared/src/contract/errors.ts';
import { startEngineProxy } from '../../support/engine-proxy.ts';

/** Answers what it was asked. */
async function startPlayedEngine(dir: string) {
  const heard: string[] = [];
  const server = createServer((asked, answer) => {
    heard.push(`${asked.method} ${asked.url}`);
    asked.pipe(answer);
  });
  const socket = join(dir, 'engine.sock');
  server.listen(socket);
  await once(server, 'listening');
  return {
    socket,
    heard,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

describe('the proxy before an engine', () => {
  const scene = async () => {
    await using releases = new AsyncDisposableStack();
    const { path: dir } = releases.use(await temporaryFolder('engine-proxy'));
    const engine = releases.use(await startPlayedEngine(dir));
    const proxy = releases.use(await startEngineProxy(dir, engine.socket));
    const kept = releases.move();
    const ask = (method: 'GET' | 'DELETE' | 'POST', path: string, body?: unknown) =>
      askEngine(method, path, { socketPath: proxy.socket, body });
    return { engine, proxy, ask, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  };
  const broken = (asked: Promise<unknown>) => asked.then(() => undefined, systemCode);

  it('carries what nobody planted a fault for', async () => {
    await using s = await scene();
    using fault = s.proxy.plant({ path: /^\/volumes\/a$/, does: { kind: 'answer', status: 500, message: 'no' } });

    const answered = await s.ask('POST', '/v1.41/volumes/b', { is: 'carried' });

    expect(answered).to.deep.equal({ status: 200, body: '{"is":"carried"}' });
    expect(fault.met()).to.equal(0);
  });

  it('answers in place of the engine, so many times', async () => {
    await using s = await scene();
    using fault = s.proxy.plant({
      method: 'DELETE',
      path: /^\/volumes\/a$/,
      does: { kind: 'answer', status: 409, message: 'volume is in use' },
      times: 1,
    });

    const first = await s.ask('DELETE', '/v1.41/volumes/a');
    await fault.until(1);
    const second = await s.ask('DELETE', '/v1.41/volumes/a');

    expect(first).to.deep.equal({ status: 409, body: '{"message":"volume is in use"}' });
    expect(second.status).to.equal(200);
    expect(s.engine.heard).to.have.length(1);
  });

  it('lets a call hang until the fault is taken away', async () => {
    await using s = await scene();
    const fault = s.proxy.plant({ path: /^\/info$/, does: { kind: 'hang' } });

    const asked = broken(s.ask('GET', '/info'));
    await fault.until(1);
    fault[Symbol.dispose]();

    expect(await asked).to.equal('ECONNRESET');
    expect(s.engine.heard).to.deep.equal([]);
  });

  it('breaks off, though the engine did what it was asked', async () => {
    await using s = await scene();
    using fault = s.proxy.plant({ path: /^\/containers/, does: { kind: 'cut' }, times: 1 });
    using later = s.proxy.plant({ path: /^\/logs/, does: { kind: 'cut', afterBytes: 4 } });

    expect(await broken(s.ask('POST', '/containers/a/start'))).to.equal('ECONNRESET');
    expect(await broken(s.ask('POST', '/logs', 'a long answer'))).to.equal('ECONNRESET');

    expect([fault.met(), later.met()]).to.deep.equal([1, 1]);
    expect(s.engine.heard).to.deep.equal(['POST /containers/a/start', 'POST /logs']);
  });
});
