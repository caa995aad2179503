import type { Bus } from '@capstan/shared/bus/connect';
import { expect } from 'chai';
import { createOtherRunners } from '../../../../services/runner/src/worker/other-runners.ts';

const { signal } = new AbortController();
const TAKEOVER_MS = 1_000;
const LEASE_MS = 667;

/** On a broker that has the same lease of everybody, never renewed. */
function others() {
  let nowMs = 0;
  const kv = {
    get: () =>
      Promise.resolve({
        operation: 'PUT',
        revision: 1,
        string: () => JSON.stringify({ v: 1, endsAfterMs: LEASE_MS, at: 1 }),
      }),
  };
  const bus = { jetStream: () => ({ views: { kv: () => Promise.resolve(kv) } }) } as unknown as Bus;
  const clock = { now: () => nowMs, monotonicMs: () => nowMs };
  const options = { bus, runnerId: 'own', environments: [], takeoverAfterMs: TAKEOVER_MS, onShared: () => undefined };
  return { ...createOtherRunners({ ...options, clock }), pass: (ms: number) => void (nowMs += ms) };
}

describe('another runner', () => {
  it('is over when its lease was seen unchanged for long enough', async () => {
    const { isOver, pass } = others();
    expect(await isOver('a', signal)).to.equal('alive');
    pass(TAKEOVER_MS + LEASE_MS);
    expect(await isOver('a', signal)).to.equal('over');
  });

  it('is forgotten when a thousand others were asked for since, and then waited for anew', async () => {
    const { isOver, pass } = others();
    await isOver('a', signal);
    await isOver('b', signal);
    for (let n = 0; n < 999; n += 1) await isOver(`madeUp${n}`, signal);
    pass(TAKEOVER_MS + LEASE_MS);
    expect([await isOver('b', signal), await isOver('a', signal)]).to.deep.equal(['over', 'alive']);
  });
});
