import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { boundedText } from '@capstan/shared/net/bounded-text';
import { decoded } from '@capstan/shared/net/decoded';

const never = { kind: 'refused', problem: 'is encoded in an unknown way' };

describe('what a server encoded', () => {
  it('is decoded as it names it', async () => {
    const bodies = [gzipSync('abc'), gzipSync('abc'), deflateSync('abc'), brotliCompressSync('abc')];
    for (const [index, encoding] of ['gzip', 'X-GZIP', 'deflate', 'br'].entries()) {
      expect(await boundedText({ body: Readable.from([bodies[index]]), encoding }, 10)).to.deep.equal({
        kind: 'text',
        text: 'abc',
      });
    }
  });

  it('is refused under names that every object knows', async () => {
    for (const encoding of ['constructor', '__proto__', 'toString', 'valueOf', 'x-own', 'gzip, br']) {
      const body = new Readable({ read: () => undefined });
      expect(await boundedText({ body, encoding }, 10), encoding).to.deep.equal(never);
      expect(body.destroyed).to.equal(true);
      // A connection may break afterwards.
      body.emit('error', new Error('broken'));
    }
  });

  it('keeps its failure for a reader who comes late', async () => {
    const body = Readable.from([Buffer.from('abcde')]);
    const late = decoded(body, 'gzip') as Readable;
    if (!late.closed) await once(late, 'close').catch(() => undefined);
    expect(late.errored).to.be.instanceOf(Error);
    expect(await text(late).catch(String)).to.contain('incorrect header check');
    expect(body.destroyed).to.equal(true);
  });
});
