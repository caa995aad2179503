import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import type { LogFrame } from '../../../../services/runner/src/docker/ports/containers.ts';
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

  const SAID = Buffer.from('Error grabbing logs: invalid character');
  const ENDS: Readonly<Record<string, Buffer>> = {
    'the engine says that it can not read on: no line of the algorithm says so': Buffer.concat([
      Buffer.from([3, 0, 0, 0, 0, 0, 0, SAID.length]),
      SAID,
    ]),
    'a piece claims to be too long for one': Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
    'a piece has no time': Buffer.from([1, 0, 0, 0, 0, 0, 0, 1, 0x41]),
  };
  for (const [what, end] of Object.entries(ENDS)) {
    it(`is kept up to where ${what}`, async () => {
      const [frames = []] = fc.sample(someFrames({ minLength: 2 }), 1);
      const source = Readable.from([Buffer.concat([inDockersFrames(frames), end])], { objectMode: false });
      const read: LogFrame[] = [];
      const reading = (async () => {
        for await (const some of framesOf(source)) read.push(...some);
      })();
      expect(await reading.catch((error: unknown) => error)).to.have.property('code', 'OUTPUTS_UNREADABLE');
      expect(read).to.deep.equal(frames);
    });
  }

  it('that is none is not taken for one', async () => {
    const text = Readable.from([Buffer.from('an error page of a proxy, for example')], { objectMode: false });
    const failure = await allFrames(framesOf(text)).catch((error: unknown) => error);
    expect(failure).to.have.property('code', 'OUTPUTS_UNREADABLE');
  });
});
