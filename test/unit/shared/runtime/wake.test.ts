import { createWake } from '@capstan/shared/runtime/wake';
import { expect } from 'chai';

const unexpected = (error: unknown) => {
  throw error;
};

describe('a wake', () => {
  it('works once for any number of wake-ups in one turn', async () => {
    let runs = 0;
    const wake = createWake(() => {
      runs += 1;
      return Promise.resolve();
    }, unexpected);
    wake.wake();
    wake.wake();
    wake.wake();
    await wake.idle();
    // The first one began at once; the others ask for one more.
    expect(runs).to.equal(2);
  });

  it('loses no wake-up that comes while it works, and never works twice at a time', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    let running = 0;
    let runs = 0;
    const wake = createWake(async () => {
      running += 1;
      runs += 1;
      expect(running).to.equal(1);
      await gate;
      running -= 1;
    }, unexpected);
    wake.wake();
    for (let n = 0; n < 10; n += 1) wake.wake();
    open(undefined);
    await wake.idle();
    expect(runs).to.equal(2);
  });

  it('tells of an error and works again at the next wake-up', async () => {
    const errors: unknown[] = [];
    let runs = 0;
    const wake = createWake(
      () => {
        runs += 1;
        return runs === 1 ? Promise.reject(new Error('first')) : Promise.resolve();
      },
      (error) => errors.push(error),
    );
    wake.wake();
    await wake.idle();
    wake.wake();
    await wake.idle();
    expect(runs).to.equal(2);
    expect(errors).to.have.length(1);
  });

  it('is idle when it was never woken', async () => {
    await createWake(() => Promise.reject(new Error('ran')), unexpected).idle();
  });
});
