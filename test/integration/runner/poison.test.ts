import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../../../scripts/parts/service.ts';
import { IMAGE } from '../../support/runner/spec.ts';
import { newJobId, startScene, type Scene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
const PLANT = join(ROOT, 'test', 'support', 'runner', 'planted-fault.ts');

/**
 * Steps at which the runner dies, and how the job ends that kills it: before its algorithm has run, and after. While its log is followed
 * the runner may die of much else: then its log is only read in the end.
 */
const THIRTEEN = /The node broke down 13 times/;
const ENDINGS = {
  // Fourteen lives of a runner; of the others six each.
  provision: { code: 31, pace: 'whole', reason: THIRTEEN },
  read: { code: 22, pace: 'hurried', reason: /broke down each time that it read the command of this job/ },
  plan: { code: 31, pace: 'hurried', reason: THIRTEEN },
  pull: { code: 31, pace: 'hurried', reason: THIRTEEN },
  follow: { code: 70, pace: 'hurried', reason: undefined },
  exit: { code: 61, pace: 'hurried', reason: THIRTEEN },
  filter: { code: 61, pace: 'hurried', reason: THIRTEEN },
  publish: { code: 61, pace: 'hurried', reason: THIRTEEN },
} as const;
const FILTER = {
  image: IMAGE.image,
  tag: IMAGE.tag ?? 'latest',
  entrypoint: 'true',
  seesInputs: false,
  maxDurationS: 60,
};

describe('a job that kills its runner each time', function () {
  this.timeout(900_000);
  let scene: Scene;
  let plan: string;

  before(async () => {
    scene = await startScene({ limits: { maxJobs: 3, filter: FILTER } });
    plan = join(scene.dataDir, 'plan');
  });
  after(() => scene[Symbol.asyncDispose]());

  for (const [step, { code, pace, reason }] of Object.entries(ENDINGS)) {
    it(`at the step ${step} ends with ${code}, and all others end rightly`, async () => {
      const poison = newJobId();
      await writeFile(plan, `${poison} ${step} ${pace}`);
      await scene.runner().stop();
      const over = new AbortController();
      const reviving = scene.keepRunner(
        { PLANTED_FAULT: plan, NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import ${PLANT}` },
        over.signal,
      );
      const before = await scene.start(sh('sleep 1; echo 1 > /data/outputs/one.txt'));
      await scene.start(sh('true'), { jobId: poison, messageId: `${poison}.1.start` });
      const others = [before];
      for (let n = 0; n < 4; n += 1) others.push(await scene.start(sh(`echo ${n} > /data/outputs/n.txt`)));
      const ended = await scene.until(poison, 'end', undefined, 600_000);
      expect(ended.code).to.equal(code);
      if (reason !== undefined) expect(ended.details.termination?.reason).to.match(reason);
      for (const jobId of others) expect((await scene.until(jobId, 'end')).code, jobId).to.equal(70);
      over.abort();
      await reviving;
      const givenUp = await readdir(join(scene.dataDir, 'scratch', 'steps', 'given-up'));
      expect(givenUp.includes(`${poison}-1`)).to.equal(reason !== undefined);
    });
  }
});
