import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { limited } from '@capstan/shared/runtime/limited';

describe('a limit of time', () => {
  it('is over by itself, as a timeout', async () => {
    using limit = limited(1);
    await new Promise((resolve) => limit.signal.addEventListener('abort', resolve));
    expect([limit.isOver(), (limit.signal.reason as Error).name]).to.deep.equal([true, 'TimeoutError']);
  });

  it("ends with the caller's signal, for its reason, which may be there already", () => {
    const caller = new AbortController();
    using limit = limited(60_000, caller.signal);
    const reason = new Error('enough');
    caller.abort(reason);
    expect([limit.signal.reason, limit.isOver()]).to.deep.equal([reason, false]);
    using late = limited(60_000, caller.signal);
    expect(late.signal.reason).to.equal(reason);
  });

  it('leaves nothing behind', () => {
    const caller = new AbortController();
    {
      using limit = limited(60_000, caller.signal);
      expect([limit.isOver(), getEventListeners(caller.signal, 'abort').length]).to.deep.equal([false, 1]);
    }
    expect(getEventListeners(caller.signal, 'abort')).to.have.length(0);
    // A timer that were left would fail the run of the tests.
  });
});
