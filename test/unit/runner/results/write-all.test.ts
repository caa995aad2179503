import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';
import { writeAll } from '../../../../services/runner/src/results/write-all.ts';

describe('a stream that is written to a file', () => {
  it('is there byte by byte, however it was cut', async () => {
    await using folder = await temporaryFolder('write');
    let files = 0;
    const size = fc.oneof(fc.nat(20), fc.nat(200_000), fc.integer({ min: 524_280, max: 1_048_600 }));
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 6 }), async (sizes) => {
        const chunks = sizes.map((bytes, index) => Buffer.alloc(bytes, `${index}-${bytes}`));
        const path = join(folder.path, String(files++));
        {
          await using handle = await open(path, 'wx');
          await writeAll(handle, Readable.from(chunks) as AsyncIterable<Buffer>);
        }
        expect((await readFile(path)).equals(Buffer.concat(chunks))).to.equal(true);
      }),
      { numRuns: 40 },
    );
  });

  it('fails with what the stream or the disk fails with', async () => {
    await using folder = await temporaryFolder('write');
    const problemOf = (work: Promise<void>) => work.then(() => 'none', String);
    await using handle = await open(join(folder.path, 'a'), 'wx');
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(600_000);
      throw new Error('the source broke');
    }
    expect(await problemOf(writeAll(handle, broken()))).to.contain('the source broke');
    await using unwritable = await open(join(folder.path, 'a'), 'r');
    const chunks = Readable.from([Buffer.alloc(600_000), Buffer.alloc(600_000)]) as AsyncIterable<Buffer>;
    expect(await problemOf(writeAll(unwritable, chunks))).to.contain('EBADF');
  });
});
