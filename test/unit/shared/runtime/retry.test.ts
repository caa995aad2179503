import { CapstanError } from '@capstan/shared/contract/errors';
import { retry } from '@capstan/shared/runtime/retry';
import { expect } from 'chai';

const quick = { minDelayMs: 0, maxDelayMs: 0 };
const never = new AbortController().signal;

function failing(times: number, error: Error) {
  const calls = { count: 0 };
  const work = () => {
    calls.count += 1;
    return calls.count <= times ? Promise.reject(error) : Promise.resolve('done');
  };
  return { calls, work };
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('a retry', () => {
  it('goes on until the work succeeds, and tells of each failure', async () => {
    const { work } = failing(3, new Error('away'));
    const told: string[] = [];
    const onRetry = (error: Error, attempt: number) => void told.push(`${attempt} ${error.message}`);
    expect(await retry(work, { ...quick, signal: never, onRetry })).to.equal('done');
    expect(told).to.deep.equal(['1 away', '2 away', '3 away']);
  });

  it('gives up after its retries, with the last error', async () => {
    const away = new Error('away');
    const { calls, work } = failing(9, away);
    expect(await rejection(retry(work, { ...quick, signal: never, retries: 2 }))).to.equal(away);
    expect(calls.count).to.equal(3);
  });

  it('does not repeat what can never succeed, and does not say it would', async () => {
    const refused = new CapstanError('FETCH_FAILED', '404');
    const { calls, work } = failing(9, refused);
    const told: string[] = [];
    const onRetry = (error: Error) => void told.push(error.message);
    expect(await rejection(retry(work, { ...quick, signal: never, onRetry }))).to.equal(refused);
    expect(calls.count).to.equal(1);
    expect(told).to.deep.equal([]);
  });

  it('repeats an error of ours that may pass', async () => {
    const { work } = failing(1, new CapstanError('FETCH_INTERRUPTED', 'reset'));
    expect(await retry(work, { ...quick, signal: never })).to.equal('done');
  });

  it('ends at once when its signal aborts, also while it waits', async () => {
    const controller = new AbortController();
    const reason = new Error('stopping');
    const waiting = retry(() => Promise.reject(new Error('away')), {
      signal: controller.signal,
      minDelayMs: 3_600_000,
      maxDelayMs: 3_600_000,
      onRetry: () => controller.abort(reason),
    });
    expect(await rejection(waiting)).to.equal(reason);
  });
});
