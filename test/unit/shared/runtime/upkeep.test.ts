import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { expect } from 'chai';
import fc from 'fast-check';

/** Upkeep of so many rows, each of which takes so long by the clock. */
async function tidy(rows: number, rowMs: (row: number) => number) {
  let nowMs = 0;
  let left = rows;
  const slices: number[] = [];
  const pauses: number[] = [];
  const upkeep = createUpkeep({
    clock: { now: () => nowMs, monotonicMs: () => nowMs },
    pause: (ms) => Promise.resolve(void pauses.push(ms)),
  });
  const done = await upkeep.drain({
    name: 'rows',
    step(most) {
      const count = Math.min(most, left);
      const startMs = nowMs;
      for (let row = 0; row < count; row += 1) nowMs += rowMs(rows - left + row);
      left -= count;
      slices.push(nowMs - startMs);
      return count;
    },
    around: (slice) => Promise.resolve(slice()),
    signal: new AbortController().signal,
  });
  return { done, left, slices, pauses, report: upkeep.report() };
}

describe('upkeep', () => {
  it('does all there is, and between its slices leaves at least nine tenths of the time to others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(20_000), fc.double({ min: 0, max: 4, noNaN: true }), async (rows, rowMs) => {
        const { done, left, slices, pauses } = await tidy(rows, () => rowMs);
        expect([done, left]).to.deep.equal([rows, 0]);
        expect(pauses.length).to.be.at.least(slices.length - 1);
        for (const [index, pause] of pauses.entries()) expect(pause).to.be.at.least(9 * (slices[index] ?? 0));
      }),
      { numRuns: 50 },
    );
  });

  it('keeps its slices under 5 ms once it knows how long a row takes, and makes them large where rows are fast', async () => {
    for (const rowMs of [0.001, 0.01, 0.1, 1, 4]) {
      const { slices } = await tidy(5_000, () => rowMs);
      expect(Math.max(...slices.slice(1)), `${rowMs} ms a row`).to.be.at.most(5.001);
    }
    expect((await tidy(100_000, () => 0.000_1)).slices.length).to.be.lessThan(110);
  });

  it('says what it has done', async () => {
    const { report } = await tidy(60, () => 0.01);
    expect(report).to.have.length(1);
    expect(report[0]).to.include({ name: 'rows', isRunning: false, done: 60 });
    expect(report[0]?.longestSliceMs).to.be.closeTo(0.5, 0.001);
  });

  it('says what another thread has done, that it is at it, and how long others waited', async () => {
    const upkeep = createUpkeep({ clock: { now: () => 5, monotonicMs: () => 0 } });
    const piece = upkeep.apart('a piece', () => {
      expect(upkeep.report()[0]).to.include({ isRunning: true, slices: 0, lastEndedAt: null });
      return Promise.resolve({ done: 3, othersWaitedMs: 2 });
    });
    await piece;
    const ended = { name: 'a piece', isRunning: false, done: 3, slices: 1, longestSliceMs: 2, lastEndedAt: 5 };
    expect(upkeep.report()).to.deep.equal([ended]);
    await upkeep.apart('a piece', () => Promise.reject(new Error('no'))).catch(() => undefined);
    expect(upkeep.report()).to.deep.equal([ended]);
  });

  it('leaves the loop to others between pieces that wait for something else', async () => {
    let busy = 0;
    const pauses: number[] = [];
    const clock = { now: () => 7, monotonicMs: () => 0 };
    const pause = (ms: number) => Promise.resolve(void pauses.push(ms));
    const upkeep = createUpkeep({ clock, pause, busyMs: () => busy });
    {
      using pace = upkeep.paced('files', new AbortController().signal);
      expect(upkeep.report()[0]).to.include({ name: 'files', isRunning: true });
      for (const ms of [1, 1, 1, 3, 0, 20, 4]) {
        busy += ms;
        await pace.rest();
      }
    }
    expect(pauses).to.deep.equal([6 * 18, 20 * 18]);
    const [report] = upkeep.report();
    expect(report).to.deep.equal({
      name: 'files',
      isRunning: false,
      done: 7,
      slices: 2,
      longestSliceMs: 20,
      lastEndedAt: 7,
    });
  });

  it('stops when it is told to', async () => {
    const upkeep = createUpkeep({ clock: { now: () => 0, monotonicMs: () => 0 } });
    const stopping = new AbortController();
    let slices = 0;
    const done = await upkeep.drain({
      name: 'rows',
      step(most) {
        if ((slices += 1) === 3) stopping.abort();
        return most;
      },
      around: (slice) => Promise.resolve(slice()),
      signal: stopping.signal,
    });
    expect(slices).to.equal(3);
    expect(done).to.be.greaterThan(0);
  });
});
