import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { pack } from 'tar-stream';
import { beginningOf } from '../../../../services/runner/src/docker/beginning.ts';

const { signal } = new AbortController();
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** As the runner packs what goes into volumes. */
function anArchive(bytes: number) {
  const archive = pack();
  archive.on('error', () => undefined);
  archive.entry({ name: 'one' }, Buffer.alloc(bytes, 1)).on('error', () => undefined);
  return archive;
}

describe('the beginning of a stream', () => {
  it('is all of one that ends before', async () => {
    const archive = anArchive(1_000);
    archive.finalize();
    const { bytes, isWhole } = await beginningOf(archive as unknown as Readable, 100_000, signal);
    expect([isWhole, bytes.length]).to.deep.equal([true, 512 + 1_024 + 1_024]);
  });

  it('is put back before the rest of a longer one', async () => {
    const whole = anArchive(300_000);
    whole.finalize();
    const wanted = await buffer(whole);
    const archive = anArchive(300_000);
    archive.finalize();
    const stream = archive as unknown as Readable;
    const { bytes, isWhole } = await beginningOf(stream, 1_000, signal);
    expect(isWhole).to.equal(false);
    stream.unshift(bytes);
    const through = new PassThrough();
    stream.pipe(through);
    const got = await buffer(through);
    expect(got.length).to.equal(wanted.length);
    // But for the time that its header tells.
    expect(got.subarray(512).equals(wanted.subarray(512))).to.equal(true);
  });

  it('fails as its stream does, and ends with who wants it no more', async () => {
    const broken = new Error('broken');
    const archive = anArchive(1_000);
    const asked = beginningOf(archive as unknown as Readable, 100_000, signal);
    archive.destroy(broken);
    expect(await failure(asked)).to.equal(broken);
    const waiting = new AbortController();
    const abandoned = beginningOf(anArchive(1_000) as unknown as Readable, 100_000, waiting.signal);
    waiting.abort(broken);
    expect(await failure(abandoned)).to.equal(broken);
    expect(await failure(beginningOf(new PassThrough(), 1, AbortSignal.abort(broken)))).to.equal(broken);
  });
});
