import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import fc from 'fast-check';
import { messageOf } from '@capstan/shared/contract/errors';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { isPublicKey, publicKeyOf } from '@capstan/shared/crypto/seal';
import { sealFile, unsealFile } from '@capstan/shared/crypto/sealed-file';

const key = nodeKeyFrom('41'.repeat(32));
const CHUNK = 64 * 1024;

async function* pieces(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < content.length; from += size)
    yield await Promise.resolve(content.subarray(from, from + size));
}
const sealed = (content: Buffer, size = 10_000) => buffer(sealFile(publicKeyOf(key), pieces(content, size)));
const opened = (content: Buffer, size = 10_000, by = key) => buffer(unsealFile(by, pieces(content, size)));
const problem = (content: Buffer, by = key) =>
  opened(content, 10_000, by).then(
    () => 'none',
    (error: unknown) => messageOf(error),
  );

describe('a file that is encrypted to a key', () => {
  it('is the same again, whatever its size and however it flows', async () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 300_000 }), fc.constantFrom(0, 1, CHUNK, CHUNK + 1, 2 * CHUNK));
    const flow = fc.integer({ min: 100, max: 200_000 });
    await fc.assert(
      fc.asyncProperty(size, flow, flow, async (bytes, oneFlow, otherFlow) => {
        const content = randomBytes(bytes);
        expect((await opened(await sealed(content, oneFlow), otherFlow)).equals(content)).to.equal(true);
      }),
      { numRuns: 30 },
    );
  });

  it('is as large as the format says', async () => {
    const head = 8 + 2 + 129;
    expect((await sealed(Buffer.alloc(0))).length).to.equal(head + 16);
    expect((await sealed(Buffer.alloc(CHUNK))).length).to.equal(head + CHUNK + 16);
    expect((await sealed(Buffer.alloc(CHUNK + 1))).length).to.equal(head + CHUNK + 1 + 32);
  });

  it('can not be cut off, not even between two chunks', async () => {
    const whole = await sealed(randomBytes(3 * CHUNK));
    for (const end of [5, 100, 150, whole.length - 1, 8 + 2 + 129 + CHUNK + 16]) {
      expect(await problem(whole.subarray(0, end)), String(end)).to.match(/^The encrypted file is damaged\./);
    }
  });

  it('can not be changed, and its chunks can not be moved', async () => {
    const whole = await sealed(randomBytes(3 * CHUNK));
    const changed = Buffer.from(whole);
    changed[CHUNK] = (changed[CHUNK] ?? 0) ^ 1;
    expect(await problem(changed)).to.contain('It was changed');
    const [head, step] = [8 + 2 + 129, CHUNK + 16];
    const [first, second] = [whole.subarray(head, head + step), whole.subarray(head + step, head + 2 * step)];
    const moved = Buffer.concat([whole.subarray(0, head), second, first, whole.subarray(head + 2 * step)]);
    expect(await problem(moved)).to.contain('It was changed');
  });

  it('is of no use to anybody else', async () => {
    expect(await problem(await sealed(Buffer.from('x')), nodeKeyFrom('42'.repeat(32)))).to.equal(
      'The file was encrypted to another key.',
    );
    expect(await problem(Buffer.from('some text that was never encrypted'))).to.contain('It does not begin as one');
  });
});

describe('a public key', () => {
  it('is a point of the curve, in any of its forms', () => {
    expect(isPublicKey(publicKeyOf(key))).to.equal(true);
    expect(isPublicKey(`0x${publicKeyOf(key)}`)).to.equal(true);
    expect(isPublicKey(`02${'ff'.repeat(32)}`)).to.equal(false);
  });
});
