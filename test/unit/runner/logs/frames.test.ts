import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { framesOf } from '../../../../services/runner/src/docker/log-frames.ts';
import { allFrames, inDockersFrames, someFrames } from './some-frames.ts';

describe('the log of an engine', () => {
  it('is its pieces, with their streams and times, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(someFrames(), fc.integer({ min: 1, max: 17 }), async (frames, cut) => {
        const framed = inDockersFrames(frames);
        const chunks = Array.from({ length: Math.ceil(framed.length / cut) }, (_, index) =>
          framed.subarray(index * cut, (index + 1) * cut),
        );
        expect(await allFrames(framesOf(Readable.from(chunks, { objectMode: false })))).to.deep.equal(frames);
      }),
    );
  });

  it('without the end of a piece, where the engine died, is the pieces before it', async () => {
    const [whole] = fc.sample(someFrames({ minLength: 2 }), 1);
    const framed = inDockersFrames(whole ?? []);
    const torn = Readable.from([framed.subarray(0, framed.length - 1)], { objectMode: false });
    expect(await allFrames(framesOf(torn))).to.deep.equal(whole?.slice(0, -1));
  });

  it('that is none is not taken for one', async () => {
    const text = Readable.from([Buffer.from('an error page of a proxy, for example')], { objectMode: false });
    const failure = await allFrames(framesOf(text)).catch((error: unknown) => error);
    expect(failure).to.have.property('code', 'OUTPUTS_UNREADABLE');
  });
});
