import { buffer } from 'node:stream/consumers';
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { expect } from 'chai';
import { fetching, problemOf, startServer } from '../../support/runner/fetching.ts';
import { startRawServer, type RawAnswer } from '../../support/runner/raw-server.ts';

const allowPrivate = ['127.0.0.0/8'];
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const file = (url: string): AssetFile => ({ type: 'url', url });

const whole = (body: string, ...head: string[]): RawAnswer => ({
  head: ['HTTP/1.1 200 OK', `content-length: ${LETTERS.length}`, ...head],
  body,
  after: body.length < LETTERS.length ? 'break' : 'end',
});
const rest = (from: number, body: string, ...head: string[]): RawAnswer => ({
  head: ['HTTP/1.1 206 Partial Content', `content-range: bytes ${from}-25/26`, `content-length: ${26 - from}`, ...head],
  body,
  after: from + body.length < 26 ? 'break' : 'end',
});

describe('a download whose connection breaks', () => {
  const fetched = async (...answers: RawAnswer[]) => {
    await using server = await startRawServer(
      (_, number) => answers[Math.min(number, answers.length - 1)] ?? whole(''),
    );
    await using fetcher = await fetching({ allowPrivate });
    try {
      return { text: await fetcher.get(file(`${server.url}/secret`)), asked: server.asked };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      expect(problem).not.to.contain('secret').and.not.to.contain('127.0.0.1');
      return { problem, asked: server.asked };
    }
  };

  it('goes on in the same stream, however often', async () => {
    const { text, asked } = await fetched(
      whole('abc', 'etag: "v1"'),
      rest(3, 'def', 'etag: "v1"'),
      { head: ['HTTP/1.1 503 Wait', 'content-length: 0'], after: 'end' },
      rest(6, 'ghij'),
      rest(10, LETTERS.slice(10)),
    );
    expect(text).to.equal(LETTERS);
    expect(asked.map((head) => /^range: (.*)$/m.exec(head)?.[1]?.trim())).to.deep.equal([
      undefined,
      'bytes=3-',
      'bytes=6-',
      'bytes=6-',
      'bytes=10-',
    ]);
    expect(asked[1]).to.contain('if-range: "v1"\r\n');
  });

  it('goes on by the time of the last change, too', async () => {
    const head = ['last-modified: Wed, 01 Jan 2020 00:00:00 GMT', 'date: Wed, 01 Jan 2020 00:01:00 GMT'];
    const { text, asked } = await fetched(whole('abc', ...head), rest(3, LETTERS.slice(3), ...head));
    expect(text).to.equal(LETTERS);
    expect(asked[1]).to.contain('if-range: wed, 01 jan 2020 00:00:00 gmt\r\n');
  });

  it('skips what it has where a server takes no ranges', async () => {
    const { text } = await fetched(
      whole('abcdef', 'etag: "v1"'),
      whole('abc', 'etag: "v1"'),
      whole(LETTERS, 'etag: "v1"'),
    );
    expect(text).to.equal(LETTERS);
  });

  it('never mixes two contents', async () => {
    const changed = 'it changed while it was being fetched';
    const first = whole('abc', 'etag: "v1"');
    expect((await fetched(first, whole(LETTERS.toUpperCase(), 'etag: "v2"'))).problem).to.equal(changed);
    expect((await fetched(first, rest(3, LETTERS.slice(3).toUpperCase(), 'etag: "v2"'))).problem).to.equal(changed);
    const gone = (status: string): RawAnswer => ({ head: [`HTTP/1.1 ${status}`, 'content-length: 0'], after: 'end' });
    for (const status of ['416 Range Not Satisfiable', '412 Precondition Failed']) {
      expect((await fetched(first, gone(status))).problem).to.equal(changed);
    }
    expect((await fetched(first, gone('404 Not Found'))).problem).to.equal('its server does not go on with it');
    expect((await fetched(first, rest(2, LETTERS.slice(2)))).problem).to.equal('its server does not go on with it');
    // A weak name does not stand for the bytes.
    const weak = await fetched(whole('abc', 'etag: W/"v1"'));
    expect(weak.problem).to.equal('the connection to its server broke');
    expect(weak.asked).to.have.length(1);
  });

  it('ends when nothing comes any more', async () => {
    const { problem, asked } = await fetched(whole('abc', 'etag: "v1"'), rest(3, ''));
    expect(problem).to.equal('the connection to its server broke');
    expect(asked.length).to.be.above(1);
  });
});

describe('a server that lies or dawdles', () => {
  it('gives as many bytes as it said, or the file does not exist', async () => {
    const answers: Readonly<Record<string, RawAnswer>> = {
      short: { head: ['HTTP/1.1 200 OK', 'content-length: 30'], body: LETTERS, after: 'end' },
      long: { head: ['HTTP/1.1 200 OK', 'content-length: 20'], body: LETTERS, after: 'end' },
      both: {
        head: ['HTTP/1.1 200 OK', 'content-length: 20', 'transfer-encoding: chunked'],
        body: '0\r\n\r\n',
        after: 'end',
      },
      twice: { head: ['HTTP/1.1 200 OK', 'content-length: 20', 'content-length: 21'], body: LETTERS, after: 'end' },
      cut: { head: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked'], body: '1a\r\nabc', after: 'end' },
    };
    await using server = await startRawServer((head) => answers[/^get \/(\w+)/.exec(head)?.[1] ?? ''] ?? whole(''));
    await using fetcher = await fetching({ allowPrivate });
    for (const name of ['short', 'both', 'twice', 'cut']) {
      expect(await problemOf(fetcher.get(file(`${server.url}/${name}`))), name).to.equal(
        'the connection to its server broke',
      );
    }
    // What comes after the end is not part of it.
    expect(await fetcher.get(file(`${server.url}/long`))).to.equal(LETTERS.slice(0, 20));
    expect(await readdir(fetcher.dir)).to.deep.equal([]);
  });

  it('ends nothing but its own file by what it says of the encoding, and by what does not decode', async () => {
    const encodings = [
      'gzip',
      'x-gzip',
      'deflate',
      'br',
      'x-own',
      'constructor',
      '__proto__',
      'toString',
      'hasOwnProperty',
    ];
    for (const after of ['end', 'break'] as const) {
      for (const length of ['content-length: 5', 'content-length: 500', 'connection: close']) {
        await using server = await startRawServer((head) => ({
          head: ['HTTP/1.1 200 OK', `content-encoding: ${encodings[Number(/^get \/(\d)/.exec(head)?.[1])]}`, length],
          body: 'abcde',
          after,
        }));
        await using fetcher = await fetching({ allowPrivate });
        for (const [index, encoding] of encodings.entries()) {
          const problem = await problemOf(fetcher.get(file(`${server.url}/${index}`)));
          expect(problem, encoding).to.match(
            /^the connection to its server broke$|^its server encodes it in an unknown way$/,
          );
        }
        expect(await readdir(fetcher.dir)).to.deep.equal([]);
      }
    }
  });

  it('is left when it is silent, or takes too long by dripping', async () => {
    await using silent = await startRawServer(() => ({
      head: ['HTTP/1.1 200 OK', 'content-length: 30'],
      body: 'abc',
      after: 'keep',
    }));
    await using impatient = await fetching({ allowPrivate, idleTimeoutS: 0.2 });
    expect(await problemOf(impatient.get(file(silent.url)))).to.equal('its server did not answer in time');
    await using dripping = await startServer((_, response) => {
      const drip = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(drip));
    });
    await using limited = await fetching({ allowPrivate, totalTimeoutS: 1 });
    expect(await problemOf(limited.get(file(dripping.url)))).to.equal('it took too long');
    expect(await readdir(limited.dir)).to.deep.equal([]);
  });

  it('is left when it drips, whether it says its size or not, and whether it could be resumed', async () => {
    const heads = [
      {},
      { 'content-length': '1000' },
      { 'content-length': '1000', etag: '"one"', 'accept-ranges': 'bytes' },
    ] as const;
    await using slow = await fetching({ allowPrivate, minBytesPerSecond: 1_000, minRateGraceS: 0.5 });
    for (const head of heads) {
      await using dripping = await startServer((_, response) => {
        response.writeHead(200, head);
        const drip = setInterval(() => response.write('x'), 50);
        response.on('close', () => clearInterval(drip));
      });
      expect(await problemOf(slow.get(file(dripping.url)))).to.equal(
        'its server gave fewer than 1000 bytes a second, the least this node waits for',
      );
      // And where it is sent to a consumer as it comes.
      const { body } = await slow.open(file(dripping.url));
      expect(await problemOf(buffer(body))).to.contain('fewer than 1000 bytes a second');
    }
    expect(await readdir(slow.dir)).to.deep.equal([]);
  });

  it('fills nothing by giving without end, also when it comes compressed', async () => {
    const zeros = Buffer.alloc(1_000_000);
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    await using server = await startServer(({ path }, response) => {
      if (path === '/bomb') {
        response.setHeader('content-encoding', 'gzip').end(bomb);
        return;
      }
      if (path === '/strange') {
        response.setHeader('content-encoding', 'x-own').end('abc');
        return;
      }
      const more = () => {
        while (response.write(zeros));
      };
      response.on('drain', more);
      more();
    });
    await using fetcher = await fetching({ allowPrivate, maxFileGB: 0.01 });
    expect(bomb.length).to.be.below(100_000);
    for (const path of ['/endless', '/bomb']) {
      expect(await problemOf(fetcher.get(file(server.url + path)))).to.contain('larger than 0.01 GB');
    }
    expect(await problemOf(fetcher.get(file(`${server.url}/strange`)))).to.contain('encodes it in an unknown way');
    expect(await readdir(fetcher.dir)).to.deep.equal([]);
  });

  it('can not fill the disk that the node itself needs', async () => {
    await using server = await startServer((_, response) => {
      response.write('of unknown size');
      response.end();
    });
    await using fetcher = await fetching({ allowPrivate, keepFreeGB: 1_000_000 });
    expect(await problemOf(fetcher.get(file(server.url)))).to.equal('this node has no disk space left for it');
    expect(await readdir(fetcher.dir)).to.deep.equal([]);
  });

  it('leaves no file behind, not even a runner that is killed at that moment', async () => {
    const seen: string[][] = [];
    await using server = await startServer((_, response) => {
      response.write(randomBytes(100_000));
      const look = async () => {
        seen.push(await readdir(fetcher.dir));
        response.end('end');
      };
      look().catch(() => response.destroy());
    });
    await using fetcher = await fetching({ allowPrivate });
    expect(await fetcher.get(file(server.url))).to.match(/end$/);
    expect(seen).to.deep.equal([[]]);
  });
});

describe('a file whose owner gave its checksum', () => {
  it('is that file or none', async () => {
    await using server = await startServer(({ path }, response) => {
      if (path === '/unknown') response.write(LETTERS.slice(0, 5));
      response.end(path === '/unknown' ? LETTERS.slice(5) : LETTERS);
    });
    await using fetcher = await fetching({ allowPrivate });
    const sha256 = createHash('sha256').update(LETTERS).digest('hex');
    for (const path of ['/known', '/unknown']) {
      const named = { type: 'url', url: server.url + path } as const;
      expect(await fetcher.get({ ...named, sha256: sha256.toUpperCase() })).to.equal(LETTERS);
      expect(await problemOf(fetcher.get({ ...named, sha256: 'ab'.repeat(32) }))).to.equal(
        'it is not the file that its owner gave the checksum of',
      );
    }
  });
});
