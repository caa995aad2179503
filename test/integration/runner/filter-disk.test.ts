import { expect } from 'chai';
import { startScene } from '../../support/runner/scene.ts';
import { IMAGE } from '../../support/runner/spec.ts';

const { image, tag = 'latest' } = IMAGE;
const WRITES = { rawcode: 'echo fine > /data/outputs/kept', container: { entrypoint: 'sh $ALGO' } };

describe('a filter that writes more than the job may, with as much again', () => {
  const ways = {
    'in a file': 'dd if=/dev/zero of=/data/logs/big bs=1M count=100 2> /dev/null; sleep 600',
    'in a folder of its own in /data': 'mkdir /data/own; cat /dev/zero > /data/own/big; sleep 600',
    'in a file that it only keeps open':
      'exec 9> /data/outputs/big; rm /data/outputs/big; dd if=/dev/zero bs=1M count=100 >&9 2> /dev/null; sleep 600',
  };
  for (const [way, command] of Object.entries(ways)) {
    it(`is ended and has failed: ${way}`, async () => {
      const entrypoint = JSON.stringify(['sh', '-c', command]);
      const filter = { image, tag, entrypoint, seesInputs: false, maxDurationS: 60 };
      await using scene = await startScene({ limits: { filter, diskGB: 0.03 } });
      const jobId = await scene.start(WRITES);
      const { code, details } = await scene.until(jobId, 'end');
      expect(code, details.termination?.reason).to.equal(51);
      expect(scene.runner().lastLines(100).join('\n')).to.contain('it wrote more than the job may');
    });
  }
});
