/** A runner that dies over ending an algorithm, for what that wrote or how long it ran, tells in its next life why it was ended. */
import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { startEngineProxy } from '../../support/engine-proxy.ts';
import { algorithmOf } from '../../support/runner/names-in-engine.ts';
import { startScene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });

describe('an algorithm that the runner was ending when it died', function () {
  this.timeout(240_000);

  const CASES = {
    'for its log, and that still runs': {
      code: `yes 'a line of a log'`,
      endsItself: false,
      expected: [42, 'ten times as much to its log'],
    },
    'for its log, and that has exited since': {
      code: `yes 'a line of a log'`,
      endsItself: true,
      expected: [42, 'ten times as much to its log'],
    },
    'for its time, and that has exited since': {
      code: 'while :; do sleep 1; done',
      endsItself: true,
      expected: [43, 'ran longer than 3 seconds'],
    },
  } as const;

  for (const [named, { code, endsItself, expected }] of Object.entries(CASES)) {
    it(`${named}, has ended for that`, async () => {
      await using folder = await temporaryFolder('proxy');
      await using proxy = await startEngineProxy(folder.path);
      await using engine = await watchEngine();
      const isTimed = expected[0] === 43;
      await using scene = await startScene({
        variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket, CAPSTAN_RUNNER_MAX_LOG_MB: '0.1' },
        limits: isTimed ? { maxJobDurationS: 3 } : {},
      });
      const stopping = proxy.plant({ method: 'POST', path: /\/stop/, does: { kind: 'hang' } });
      const jobId = await scene.start(sh(code));
      await scene.runner().untilLogged('stopping the algorithm');
      await stopping.until(1);
      await scene.runner().kill();
      stopping[Symbol.dispose]();
      if (endsItself) {
        await askEngine('POST', `/containers/${await algorithmOf(jobId)}/kill?signal=KILL`);
        await engine.until('die', jobId);
      }
      using followed = proxy.plant({
        path: /\/logs\?.*follow=true/,
        does: { kind: 'answer', status: 500, message: '' },
      });
      await scene.restartRunner();
      const { code: ended, details } = await scene.until(jobId, 'end');
      expect([ended, details.termination?.reason]).to.deep.equal([expected[0], details.termination?.reason]);
      expect(details.termination?.reason).to.contain(expected[1]);
      if (!isTimed) expect(followed.met()).to.equal(0);
      expect(engine.starts(jobId)).to.equal(1);
    });
  }
});
