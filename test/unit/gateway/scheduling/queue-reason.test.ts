import { expect } from 'chai';
import { createQueueReason } from '../../../../services/gateway/src/scheduling/queue-reason.ts';
import type { Runners } from '../../../../services/gateway/src/scheduling/runners.ts';
import type { Store } from '../../../../services/gateway/src/store/store.ts';
import type { StatusRow } from '../../../../services/gateway/src/store/status-row.ts';

const reasonOf = (state: object | undefined, job: object) => {
  const store = { queue: { countAhead: () => 3 } } as unknown as Store;
  const runners = { environment: () => state } as unknown as Runners;
  return createQueueReason({ store, runners, room: { whyNotYet: () => undefined } })({
    environment: 'local',
    ...job,
  } as StatusRow);
};

describe('the reason why a job waits', () => {
  const paused = 'The disk of the node is too full for another job.';

  it('is what the runner says that begins none for now, whether the job was sent to it or not', () => {
    const state = { isLive: true, paused };
    expect(reasonOf(state, { dispatchedAt: null })).to.deep.equal({ position: 4, reason: paused });
    expect(reasonOf(state, { dispatchedAt: 1 })).to.deep.equal({ position: 0, reason: paused });
  });

  it('is that nobody offers its environment any more', () => {
    const state = { isLive: false, isWithdrawn: true };
    for (const dispatchedAt of [null, 1]) {
      expect(reasonOf(state, { dispatchedAt }).reason).to.contain('local was taken out');
    }
  });

  it('is that no runner is there, if none is', () => {
    expect(reasonOf(undefined, { dispatchedAt: null }).reason).to.contain('No runner of this environment is connected');
  });
});
