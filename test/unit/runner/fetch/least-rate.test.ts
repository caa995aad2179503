import { expect } from 'chai';
import { atLeast } from '../../../../services/runner/src/fetch/least-rate.ts';

const SETTINGS = { minBytesPerSecond: 1_000, minRateGraceS: 60 };

interface Piece {
  readonly bytes: number;
  /** How long it lets itself be waited for. */
  readonly afterS: number;
}

/** How many bytes come through, of a source that gives these pieces, and what is wrong with it in the end. */
async function taken(pieces: readonly Piece[], { settings = SETTINGS, keptS = 0 } = {}) {
  let nowMs = 0;
  async function* source() {
    for (const { bytes, afterS } of pieces) {
      nowMs += afterS * 1_000;
      yield await Promise.resolve(Buffer.alloc(bytes));
    }
  }
  let bytes = 0;
  try {
    for await (const chunk of atLeast(settings, { monotonicMs: () => nowMs })(source())) {
      bytes += chunk.length;
      nowMs += keptS * 1_000;
    }
    return { bytes, problem: undefined };
  } catch (error) {
    return { bytes, problem: error instanceof Error && 'code' in error ? error.code : error };
  }
}

const times = (count: number, piece: Piece) => Array.from({ length: count }, () => piece);

describe("a source's rate", () => {
  it('is too low where a byte comes now and then, after the grace', async () => {
    const { bytes, problem } = await taken(times(1_000, { bytes: 1, afterS: 20 }));
    expect({ bytes, problem }).to.deep.equal({ bytes: 3, problem: 'FETCH_INTERRUPTED' });
  });

  it('may be low, for hours, as long as it is not below the least', async () => {
    expect(await taken(times(2_000, { bytes: 11_000, afterS: 10 }))).to.deep.equal({
      bytes: 22_000_000,
      problem: undefined,
    });
  });

  it('makes up for a silence, but not for hours of dripping', async () => {
    const fast = { bytes: 10_000_000, afterS: 1 };
    expect((await taken([fast, { bytes: 1, afterS: 300 }, fast])).problem).to.equal(undefined);
    const { bytes, problem } = await taken([...times(100, fast), ...times(10_000, { bytes: 1, afterS: 20 })]);
    expect({ drips: bytes - 1_000_000_000, problem }).to.deep.equal({ drips: 33, problem: 'FETCH_INTERRUPTED' });
  });

  it('has nothing to do with how long we take', async () => {
    expect((await taken(times(100, { bytes: 1, afterS: 0 }), { keptS: 600 })).problem).to.equal(undefined);
  });

  it('may be anything where the operator wants no least', async () => {
    const settings = { ...SETTINGS, minBytesPerSecond: 0 };
    expect((await taken(times(1_000, { bytes: 1, afterS: 50 }), { settings })).problem).to.equal(undefined);
  });
});
