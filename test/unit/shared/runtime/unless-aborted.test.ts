import { setImmediate as nextTurn } from 'node:timers/promises';
import { unlessAborted } from '@capstan/shared/runtime/unless-aborted';
import { expect } from 'chai';

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('waiting for something that goes on by itself', () => {
  const never = new AbortController().signal;

  it('ends as it ends', async () => {
    expect(await unlessAborted(Promise.resolve(3), never)).to.equal(3);
    const away = new Error('away');
    expect(await failureOf(unlessAborted(Promise.reject(away), never))).to.equal(away);
  });

  it('ends with the reason once it is no longer wanted, before or meanwhile', async () => {
    const controller = new AbortController();
    const reason = new Error('stopping');
    const { promise } = Promise.withResolvers<never>();
    const waiting = failureOf(unlessAborted(promise, controller.signal));
    controller.abort(reason);
    expect(await waiting).to.equal(reason);
    expect(await failureOf(unlessAborted(promise, controller.signal))).to.equal(reason);
  });

  it('leaves no failure unheard that comes when nobody waits any more', async () => {
    const unheard: unknown[] = [];
    const hear = (error: unknown) => void unheard.push(error);
    const heard = process.rawListeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', hear);
    try {
      const { promise, reject } = Promise.withResolvers<never>();
      await failureOf(unlessAborted(promise, AbortSignal.abort(new Error('stopping'))));
      reject(new Error('late'));
      await nextTurn();
      expect(unheard).to.deep.equal([]);
    } finally {
      process.off('unhandledRejection', hear);
      for (const listener of heard) process.on('unhandledRejection', listener as NodeJS.UnhandledRejectionListener);
    }
  });
});
