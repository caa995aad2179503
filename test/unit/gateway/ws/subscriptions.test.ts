import { expect } from 'chai';
import { createSubscriptions, MOST_NAMED } from '../../../../services/gateway/src/ws/subscriptions.ts';

const until = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

const some = (most: number, takePlace: () => () => void = () => () => undefined) =>
  createSubscriptions({
    onFailed: (error) => {
      throw error;
    },
    most,
    takePlace,
  });

describe('the subscriptions of a socket', () => {
  it('are so many at most; the same name again is none more', () => {
    const subscriptions = some(2);
    for (const name of ['one', 'two']) subscriptions.open(name, until);
    expect(subscriptions.tooMany('three', 0)).to.match(/2 subscriptions/);
    expect(subscriptions.tooMany('two', 0)).to.equal(undefined);
    subscriptions.closeAll();
    expect(subscriptions.tooMany('three', 0)).to.equal(undefined);
  });

  it('name so many jobs in all, whatever each of them names', () => {
    const subscriptions = some(100);
    for (let n = 0; n < MOST_NAMED / 100; n += 1) {
      expect(subscriptions.tooMany(`s${n}`, 100)).to.equal(undefined);
      subscriptions.open(`s${n}`, until, 100);
    }
    expect(subscriptions.tooMany('more', 1)).to.match(/1000 jobs/);
    expect(subscriptions.tooMany('of an owner', 0)).to.equal(undefined);
    expect(subscriptions.tooMany('s0', 100)).to.equal(undefined);
    subscriptions.close('s0');
    expect(subscriptions.tooMany('more', 100)).to.equal(undefined);
  });

  it('hold a place of those that all sockets share for as long as they are open, each once', () => {
    let held = 0;
    const subscriptions = some(10, () => {
      held += 1;
      return () => (held -= 1);
    });
    for (const name of ['one', 'two', 'one']) subscriptions.open(name, until);
    expect(held).to.equal(2);
    for (const _ of [1, 2]) subscriptions.close('one');
    expect(held).to.equal(1);
    subscriptions.closeAll();
    expect(held).to.equal(0);
  });
});
