import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { expect } from 'chai';
import { nextHop } from '../../../services/runner/src/fetch/download.ts';
import { parseUrl, requestTo, type SourceRequest } from '../../../services/runner/src/fetch/source.ts';
import type { ResolveName } from '@capstan/shared/net/resolve-name';
import { fetching, problemOf, startServer } from '../../support/runner/fetching.ts';

const FORBIDDEN = 'its server has no public address';

/** Something private that counts who comes: whatever is said to the caller, nobody may get so far. */
async function startInside(host: string) {
  const visits: string[] = [];
  const server = createServer((socket) => {
    visits.push(socket.remoteAddress ?? '');
    socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret');
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    visits,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

const url = (text: string): AssetFile => ({ type: 'url', url: text });

describe('an address of an asset', () => {
  it('reaches nothing on this machine or in its network, however it is written', async () => {
    await using inside = await startInside('::');
    await using fetcher = await fetching();
    const loopback = [
      '127.0.0.1',
      '127.1',
      '0x7f000001',
      '0177.0.0.1',
      '2130706433',
      '0',
      '127.000.000.001',
      '１２７.0.0.1',
    ];
    const v6 = ['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::7f00:1]', '[::127.0.0.1]'];
    const through = [
      '[64:ff9b::7f00:1]',
      '[64:ff9b:1::7f00:1]',
      '[2002:7f00:1::]',
      '[2001::7f00:1]',
      '[::ffff:0:7f00:1]',
    ];
    const named = ['localhost', 'LOCALHOST', 'localhost.', 'nobody.invalid'];
    const userinfo = ['example.com@127.0.0.1', 'example.com:80@localhost', 'a:b@[::1]'];
    const hosts = [...loopback, ...v6, ...through, ...named, ...userinfo, '169.254.169.254', '10.0.0.1', '[fd00::1]'];
    for (const host of hosts) {
      // A name that nobody knows reads like one that leads inward.
      expect(await problemOf(fetcher.get(url(`http://${host}:${inside.port}/`))), host).to.equal(FORBIDDEN);
    }
    expect(inside.visits).to.deep.equal([]);
  });

  it('is checked for every kind that names one', async () => {
    await using inside = await startInside('127.0.0.1');
    await using fetcher = await fetching();
    const at = `http://127.0.0.1:${inside.port}/`;
    const files: AssetFile[] = [
      url(at),
      { type: 'url', url: at, method: 'POST' },
      { type: 'graphql', url: at, query: '{ a }' },
    ];
    for (const file of files) expect(await problemOf(fetcher.get(file))).to.equal(FORBIDDEN);
    expect(inside.visits).to.deep.equal([]);
  });

  it('is of http or https, and of no other kind', async () => {
    await using fetcher = await fetching();
    for (const address of ['file:///etc/passwd', 'ftp://93.184.216.34/a', 'data:text/plain,a', 'blob:http://a/b']) {
      expect(await problemOf(fetcher.get(url(address)))).to.equal('its address is neither http nor https');
    }
    for (const address of ['http://', 'nonsense', '//127.0.0.1/a', 'http://[::1/']) {
      expect(await problemOf(fetcher.get(url(address)))).to.equal('its address is not a URL');
    }
  });
});

describe('a name that a lying server resolves', () => {
  const resolving =
    (...answers: string[][]): ResolveName =>
    (_, __, callback) => {
      const addresses = answers.length > 1 ? answers.shift() : answers[0];
      callback(
        null,
        (addresses ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };

  it('is refused when it turns from a public address into a private one', async () => {
    await using inside = await startInside('127.0.0.1');
    // Public when somebody looks, private when somebody connects.
    const resolveName = resolving(['93.184.216.34'], ['127.0.0.1']);
    resolveName('rebind.example', { all: true }, () => undefined);
    await using fetcher = await fetching({ resolveName });
    expect(await problemOf(fetcher.get(url(`http://rebind.example:${inside.port}/`)))).to.equal(FORBIDDEN);
    expect(inside.visits).to.deep.equal([]);
  });

  it('is refused when one of its addresses is private, whichever', async () => {
    await using inside = await startInside('127.0.0.1');
    for (const addresses of [['93.184.216.34', '127.0.0.1'], ['::1', '2606:2800:220:1::1'], ['::ffff:127.0.0.1'], []]) {
      await using fetcher = await fetching({ resolveName: resolving(addresses) });
      expect(await problemOf(fetcher.get(url(`http://mixed.example:${inside.port}/`)))).to.equal(FORBIDDEN);
    }
    expect(inside.visits).to.deep.equal([]);
  });

  it('changes nothing between two files: each connection is checked by itself', async () => {
    await using server = await startServer((_, response) => response.setHeader('connection', 'close').end('good'));
    await using inside = await startInside('127.0.0.2');
    const resolveName = resolving(['127.0.0.1'], ['127.0.0.2']);
    await using fetcher = await fetching({ resolveName, allowPrivate: ['127.0.0.1/32'] });
    const port = new URL(server.url).port;
    expect(await fetcher.get(url(`http://rebind.example:${port}/`))).to.equal('good');
    expect(await problemOf(fetcher.get(url(`http://rebind.example:${inside.port}/`)))).to.equal(FORBIDDEN);
    expect(inside.visits).to.deep.equal([]);
  });
});

describe('a redirect', () => {
  const allowPrivate = ['127.0.0.1/32'];

  it('is followed five times, each hop checked', async () => {
    await using inside = await startInside('127.0.0.2');
    await using server = await startServer(({ path = '' }, response) => {
      const left = Number(path.slice(1));
      if (path === '/in') response.writeHead(302, { location: `http://127.0.0.2:${inside.port}/` }).end();
      else if (path === '/file') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      else if (path === '/nowhere') response.writeHead(302).end();
      else if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end();
      else response.end('here');
    });
    await using fetcher = await fetching({ allowPrivate });
    expect(await fetcher.get(url(`${server.url}/5`))).to.equal('here');
    expect(await problemOf(fetcher.get(url(`${server.url}/6`)))).to.equal('its server redirects more than 5 times');
    expect(await problemOf(fetcher.get(url(`${server.url}/in`)))).to.equal(FORBIDDEN);
    expect(await problemOf(fetcher.get(url(`${server.url}/file`)))).to.equal('its address is neither http nor https');
    expect(await problemOf(fetcher.get(url(`${server.url}/nowhere`)))).to.equal('its server redirects to nowhere');
    expect(inside.visits).to.deep.equal([]);
  });

  it('takes credentials along to the same server, and to no other', async () => {
    await using other = await startServer((_, response) => response.end('other'));
    await using first = await startServer(({ path }, response) => {
      if (path === '/same') response.writeHead(302, { location: '/here' }).end();
      else if (path === '/here') response.end('here');
      else response.writeHead(307, { location: `http://planted:secret@${new URL(other.url).host}/` }).end();
    });
    await using fetcher = await fetching({ allowPrivate });
    const named = (path: string): AssetFile => ({
      type: 'url',
      url: first.url.replace('//', '//user:pass@') + path,
      headers: { 'x-key': 'k', cookie: 'c=1' },
    });
    expect(await fetcher.get(named('/same'))).to.equal('here');
    expect(first.asked[1]?.headers).to.include({ 'x-key': 'k', cookie: 'c=1', authorization: 'Basic dXNlcjpwYXNz' });
    expect(await fetcher.get(named('/other'))).to.equal('other');
    expect(other.asked[0]?.headers).not.to.have.any.keys('x-key', 'cookie', 'authorization');
  });

  it('never turns https into http, nor takes a body to another server', () => {
    const from = (text: string): SourceRequest => requestTo(text);
    expect(() => nextHop(from('https://a.example/'), 302, 'http://a.example/')).to.throw(
      'redirects from https to http',
    );
    expect(nextHop(from('http://a.example/'), 301, 'https://a.example/').url.href).to.equal('https://a.example/');
    const post = { url: parseUrl('https://a.example/'), method: 'POST', headers: { a: 'b' }, body: '{}' } as const;
    expect(() => nextHop(post, 307, 'https://b.example/')).to.throw('redirects a POST to another server');
    expect(nextHop(post, 308, '/b')).to.include({ method: 'POST', body: '{}' });
    expect(nextHop(post, 303, 'https://b.example/')).to.deep.include({ method: 'GET', headers: {} });
  });
});
