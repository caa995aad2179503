/** Engines, and what stands before them, that do not answer as they should: each call ends, with a reason, and the next one is well. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { hasCode } from '../../../../shared/src/contract/errors.ts';
import { call } from '../../../../services/runner/src/docker/answers.ts';
import { createEngineHttp, EngineAnswer } from '../../../../services/runner/src/docker/http.ts';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';

type Answer = (socket: Socket, count: number) => void;

/** Answers each call with these bytes. */
async function startEngine(answer: Answer) {
  await using releases = new AsyncDisposableStack();
  const { path: dir } = releases.use(await temporaryFolder('odd-engine'));
  const sockets = new Set<Socket>();
  let calls = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    // Every call of these tests fits into one piece.
    socket.on('data', () => answer(socket, (calls += 1)));
  });
  const path = join(dir, 'engine.sock');
  server.listen(path);
  await once(server, 'listening');
  releases.defer(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const kept = releases.move();
  return {
    http: createEngineHttp(path),
    connections: () => sockets.size,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const { signal } = new AbortController();
const VERSION = { method: 'GET', path: '/version' } as const;
const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** What is said, and that the connection breaks then. */
const BROKEN: Readonly<Record<string, string>> = {
  'says nothing': '',
  'breaks off in the head': 'HTTP/1.1 200 OK\r\nContent-Le',
  'breaks off in the body': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"Version":',
  'breaks off between two chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"Ver\r\n',
  'says no length of a chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n{}\r\n0\r\n\r\n',
  'says two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
  'speaks something else': 'SSH-2.0-OpenSSH_9.2\r\n',
  'wants to speak something else': 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
  'breaks off in the words of its refusal': 'HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\n{"message":',
};

describe('an engine that', () => {
  for (const [what, bytes] of Object.entries(BROKEN)) {
    it(`${what} is away, for a call that ends at once, and answers the next one`, async () => {
      await using engine = await startEngine((socket, count) =>
        count === 1 ? socket.end(bytes) : socket.write(ok('{}')),
      );
      const { http } = engine;
      const ask = () => call((limited) => http.read({ ...VERSION, signal: limited }), { signal });
      expect(hasCode(await failure(ask()), 'ENGINE_UNAVAILABLE')).to.equal(true);
      expect(await ask()).to.deep.equal({});
    });
  }

  it('answers with no JSON is away', async () => {
    await using engine = await startEngine((socket) => socket.write(ok('<html>')));
    const { http } = engine;
    const asked = call((limited) => http.read({ ...VERSION, signal: limited }), { signal });
    expect(hasCode(await failure(asked), 'ENGINE_UNAVAILABLE')).to.equal(true);
  });

  const HALF: Readonly<Record<string, string>> = {
    'never answers': '',
    'never ends its head': 'HTTP/1.1 200 OK\r\n',
    'never ends its body': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{',
    'never ends its refusal': 'HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\n{',
  };
  for (const [what, bytes] of Object.entries(HALF)) {
    it(`${what} is waited for until whoever asked has enough of it, and keeps no connection then`, async () => {
      const asked = new AbortController();
      const { promise: gone, resolve } = Promise.withResolvers<void>();
      await using engine = await startEngine((socket) => {
        socket.once('close', () => resolve());
        socket.write(bytes, () => asked.abort(new Error('enough')));
      });
      const answer = engine.http.read({ ...VERSION, signal: asked.signal });
      expect(await failure(answer)).to.equal(asked.signal.reason);
      await gone;
    });
  }

  it('drips its answer is waited for no longer than the call may last', async () => {
    await using engine = await startEngine((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const drip = setInterval(() => socket.write('1\r\n \r\n'), 5);
      socket.once('close', () => clearInterval(drip));
    });
    const { http } = engine;
    const asked = call((limited) => http.read({ ...VERSION, signal: limited }), { signal, limitMs: 100 });
    expect(hasCode(await failure(asked), 'ENGINE_UNAVAILABLE')).to.equal(true);
  });

  it('refuses is heard, in its own words where it has some, and no more of them than a refusal takes', async () => {
    const says = (status: number, body: string) =>
      `HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const refusals = ['{"message":"no such thing"}', 'plain words', '{"message":7}'];
    await using engine = await startEngine((socket, count) =>
      socket.write(says(404, refusals[count - 1] ?? 'x'.repeat(2_000_000))),
    );
    const ask = () => failure(engine.http.done({ ...VERSION, signal }));
    const said = [];
    while (said.length < refusals.length) {
      const refusal = await ask();
      said.push(refusal instanceof EngineAnswer && [refusal.statusCode, refusal.said]);
    }
    expect(said).to.deep.equal([
      [404, 'no such thing'],
      [404, 'plain words'],
      [404, '{"message":7}'],
    ]);
    expect((await ask()) instanceof EngineAnswer).to.equal(false);
  });

  it('refuses an archive before it has all of it is heard at once', async () => {
    await using engine = await startEngine((socket) => {
      socket.removeAllListeners('data').resume();
      socket.write('HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}');
    });
    const tar = new PassThrough();
    tar.write('the beginning');
    const asked = { method: 'PUT', path: '/containers/a/archive', tar, signal } as const;
    expect(await failure(engine.http.done(asked))).to.be.instanceOf(EngineAnswer);
  });

  it('has an archive whose source breaks off is told, and so is whoever sent it', async () => {
    await using engine = await startEngine(() => undefined);
    const tar = new PassThrough();
    const asked = engine.http.done({ method: 'PUT', path: '/containers/a/archive', tar, signal });
    const broken = new Error('the source broke off');
    tar.write('the beginning', () => tar.destroy(broken));
    expect(await failure(asked)).to.equal(broken);
  });

  it('closes connections that nobody uses is asked over new ones', async () => {
    const closed: Promise<unknown>[] = [];
    await using engine = await startEngine((socket) => {
      closed.push(once(socket, 'close'));
      socket.end(ok('{}'));
    });
    for (let count = 0; count < 5; count += 1) {
      await engine.http.done({ ...VERSION, signal });
      await closed[count];
    }
    expect(closed).to.have.length(5);
  });

  it('keeps connections has one for calls that follow one another, and as many as there are at once', async () => {
    await using engine = await startEngine((socket) => socket.write(ok('{}')));
    const ask = () => engine.http.done({ ...VERSION, signal });
    for (let count = 0; count < 5; count += 1) await ask();
    expect(engine.connections()).to.equal(1);
    await Promise.all([ask(), ask(), ask()]);
    expect(engine.connections()).to.equal(3);
  });

  it('ends in the middle of a stream ends it with a failure', async () => {
    await using engine = await startEngine((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', () => socket.destroySoon()),
    );
    const stream = await engine.http.open({ method: 'GET', path: '/containers/a/logs', signal });
    expect(await failure(buffer(stream))).to.be.instanceOf(Error);
  });
});
