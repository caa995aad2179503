import { expect } from 'chai';
import { leftoversOf } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { startEngineProxy } from '../../support/engine-proxy.ts';
import { startScene } from '../../support/runner/scene.ts';

describe('a start that the engine does not answer', function () {
  this.timeout(180_000);

  for (const want of ['stopped', 'deleted'] as const) {
    it(`keeps a job that is to be ${want} no longer, and leaves nothing of it`, async () => {
      await using folder = await temporaryFolder('stuck-start');
      await using proxy = await startEngineProxy(folder.path);
      await using scene = await startScene({
        limits: { maxJobs: 1 },
        variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket },
      });
      {
        using fault = proxy.plant({ method: 'POST', path: /^\/containers\/[^/]+\/start/, does: { kind: 'late' } });
        const jobId = await scene.start({ rawcode: 'echo ran > /data/outputs/a' });
        await fault.until(1);
        await scene.want(jobId, want);
        const { code, details } = await scene.until(jobId, 'end');
        expect(code).to.equal(want === 'stopped' ? 7 : 8);
        if (want === 'stopped')
          expect(details.termination?.reason).to.equal(
            'The job was stopped on request. The container engine did not say whether it has started the algorithm, so nobody knows whether it ran.',
          );
        await scene.cleared(jobId, 'ended');
        expect(fault.met()).to.equal(1);
      }
      const next = await scene.start({ rawcode: 'true', container: { entrypoint: 'sh $ALGO' } });
      expect((await scene.until(next, 'end')).code).to.equal(70);
      await scene.cleared(next, 'ended');
      expect(await leftoversOf((runnerId) => runnerId === scene.environment)).to.deep.include({
        containers: [],
        volumes: [],
      });
    });
  }
});
