import { expect } from 'chai';
import { createPace } from '@capstan/shared/net/pace';

describe('the pace of new connections', () => {
  const PACE = { perSecond: 50, burst: 500 };

  it('is free for a burst, and then even', () => {
    const turn = createPace(PACE);
    const waits = Array.from({ length: 600 }, () => turn(1_000));
    expect(waits.slice(0, 500).every((wait) => wait === 0)).to.equal(true);
    expect(waits[500]).to.equal(20);
    expect(waits[599]).to.equal(2_000);
  });

  it('lets no more begin in any time than the burst and what the time gives', () => {
    const turn = createPace(PACE);
    let nowMs = 0;
    const begun: number[] = [];
    for (let n = 0; n < 5_000; n += 1) {
      const wait = turn(nowMs);
      begun.push(nowMs + wait);
      // 256 ask at a time, and each again once it had its turn.
      if (n % 256 === 255) nowMs += wait;
    }
    const within = begun.filter((at) => at <= 10_000).length;
    expect(within).to.equal(500 + 10 * 50);
  });

  it('is a burst again after a rest', () => {
    const turn = createPace(PACE);
    for (let n = 0; n < 1_000; n += 1) turn(0);
    expect(turn(20_000)).to.equal(0);
    expect(Array.from({ length: 499 }, () => turn(20_000)).at(-1)).to.equal(0);
    expect(turn(20_000)).to.equal(20);
  });
});
