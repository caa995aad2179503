import { expect } from 'chai';
import { startRawServer } from '../../support/runner/raw-server.ts';
import { startScene } from '../../support/runner/scene.ts';

describe('a job with a source that breaks', () => {
  it('ends, though the engine hears first of each break', async () => {
    await using scene = await startScene({
      variables: { CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]' },
    });
    await using broken = await startRawServer(() => ({
      head: ['HTTP/1.1 200 OK', 'etag: "a"', 'content-length: 1000'],
      body: 'abc',
      after: 'break',
    }));
    const jobId = await scene.start({ rawcode: '', datasets: [{ files: [{ type: 'url', url: broken.url }] }] });
    const { code, details } = await scene.until(jobId, 'end');
    expect(code, details.termination?.reason).to.equal(31);
    expect(details.termination?.reason).not.to.contain('127.0.0.1');
  });
});
