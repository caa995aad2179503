import { expect } from 'chai';
import { startAssetServer } from '../../support/asset-server.ts';
import { startScene } from '../../support/runner/scene.ts';

describe('a phase before the algorithm', () => {
  it('ends when its time is over, though each of its sources still has some', async () => {
    await using server = await startAssetServer();
    await using impatient = await startScene({
      variables: {
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        CAPSTAN_RUNNER_PHASE_TIMEOUT_S: '2',
      },
    });
    const jobId = await impatient.start({
      datasets: [{ files: [{ type: 'url', url: server.serve('/never', { kind: 'hang' }) }] }],
    });
    const { code, details } = await impatient.until(jobId, 'end');
    expect(code).to.equal(31);
    expect(details.termination?.reason).to.equal(
      'What the job works on could not be had within 2 seconds, the most that this node gives it.',
    );
  });

  it('of a job that is paid for ends sooner: a place is not to be had for an hour by paying for a minute', async () => {
    await using server = await startAssetServer();
    await using selling = await startScene({
      variables: {
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        CAPSTAN_RUNNER_PHASE_TIMEOUT_S: '60',
        CAPSTAN_RUNNER_PAID_PHASE_S: '1',
      },
    });
    for (const [maxDurationS, limit] of [
      [3, '3 seconds'],
      [1, '1 second'],
    ] as const) {
      const jobId = await selling.start({
        datasets: [{ files: [{ type: 'url', url: server.serve('/never', { kind: 'hang' }) }] }],
        maxDurationS,
      });
      const { code, details } = await selling.until(jobId, 'end');
      expect(code).to.equal(31);
      expect(details.termination?.reason).to.equal(
        `What the job works on could not be had within ${limit}, the most that this node gives it.`,
      );
    }
  });
});
