import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { askEngine } from '../../scripts/parts/engine.ts';
import { ROOT } from '../../scripts/parts/service.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { DEMO_IMAGE_ALLOWED } from '../../scripts/demo/assets.ts';
import { startEngineProxy } from '../support/engine-proxy.ts';
import { watchEngine } from '../support/engine-events.ts';
import { NODE_CONTAINER, startTestNode, type TestNode } from '../support/node.ts';
import { algorithmOf } from '../support/runner/names-in-engine.ts';

/**
 * This version over the data folder of the release before, with jobs in work, and beside it. It needs a checkout of that release with
 * its own node_modules, which a machine with a shallow clone and no registry can't have, so it is run by hand before a release:
 *
 *   git worktree add --detach ../before <commit of the release>; (cd ../before && npm ci)
 *   CAPSTAN_RELEASE_BEFORE=$PWD/../before npx mocha test/by-hand/upgrade.test.ts
 */
const BEFORE = process.env.CAPSTAN_RELEASE_BEFORE ?? '';

const SH = { ...NODE_CONTAINER, entrypoint: 'sh $ALGO' };
const QUICK = 'echo 42 > /data/outputs/answer.txt; echo done';
/** Until it is told to finish. */
const ENDLESS = `trap 'echo 42 > /data/outputs/answer.txt; echo done; exit 0' TERM; echo working; while :; do sleep 0.1; done`;
const NEW = { root: ROOT, variables: DEMO_IMAGE_ALLOWED };

describe('the release before', function () {
  this.timeout(240_000);

  before(() => {
    if (!existsSync(join(BEFORE, 'node_modules')))
      throw new Error('CAPSTAN_RELEASE_BEFORE names no checkout with node_modules');
  });

  const start = async (node: TestNode, code: string) => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    return (await node.consumer.start(node.rawOrderOf(dataset, code, SH))).jobId;
  };
  const reaches = async (node: TestNode, jobId: string, status: number) => {
    await using live = await node.consumer.follow({ jobId });
    if (live.snapshot.jobs.some((job) => job.status === status)) return;
    await live.until((event) => event.status === status, `status ${status}`);
  };
  const ended = async (node: TestNode, jobId: string) => {
    await using live = await node.consumer.follow({ jobId });
    const [now] = live.snapshot.jobs;
    return now !== undefined && now.dateFinished !== null ? now : (await live.ended(jobId)).job;
  };
  const answerOf = async (node: TestNode, jobId: string) => {
    const job = await ended(node, jobId);
    const index = job.results.find(({ filename }) => filename === 'answer.txt')?.index ?? -1;
    return [job.status, await (await node.consumer.result(jobId, index)).text()];
  };

  for (const [named, end] of [
    ['killed', 'kill'],
    ['asked to end', 'stop'],
  ] as const) {
    it(`${named} with jobs at 20, 40 and 60, leaves them to this one: one start each`, async () => {
      await using folder = await temporaryFolder('proxy');
      await using proxy = await startEngineProxy(folder.path);
      await using engine = await watchEngine();
      await using node = await startTestNode({
        hasOwnId: true,
        roots: { gateway: BEFORE, runner: BEFORE },
        variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket },
        limits: { maxJobs: 3 },
      });
      const jobs = { publishing: '', running: '', provisioning: '' };
      const publishing = proxy.plant({ method: 'GET', path: /\/archive/, does: { kind: 'hang' } });
      jobs.publishing = await start(node, QUICK);
      await reaches(node, jobs.publishing, 60);
      jobs.running = await start(node, ENDLESS);
      await reaches(node, jobs.running, 40);
      const provisioning = proxy.plant({ method: 'PUT', path: /\/archive/, does: { kind: 'hang' } });
      jobs.provisioning = await start(node, QUICK);
      await reaches(node, jobs.provisioning, 20);
      await provisioning.until(1);

      await node.runner()[end]();
      await node.gateway()[end]();
      publishing[Symbol.dispose]();
      provisioning[Symbol.dispose]();
      await node.restart('gateway', NEW);
      await node.restart('runner', NEW);
      await reaches(node, jobs.running, 40);
      await askEngine('POST', `/containers/${await algorithmOf(jobs.running)}/kill?signal=TERM`);

      for (const [at, jobId] of Object.entries(jobs)) {
        expect(await answerOf(node, jobId), at).to.deep.equal([70, '42\n']);
        await engine.untilGone(jobId);
        expect(engine.starts(jobId), at).to.equal(1);
      }
      expect(await node.leftovers()).to.deep.equal({ containers: [], volumes: [], networks: [] });
    });
  }

  for (const [named, roots] of [
    ['runner works beside a gateway of this one', { runner: BEFORE }],
    ['gateway works beside a runner of this one', { gateway: BEFORE }],
  ] as const) {
    it(`’s ${named}`, async () => {
      const isNewRunner = !('runner' in roots);
      await using folder = await temporaryFolder('proxy');
      await using proxy = await startEngineProxy(folder.path);
      await using engine = await watchEngine();
      await using node = await startTestNode({
        hasOwnId: true,
        roots,
        variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket },
        own: isNewRunner ? { runner: DEMO_IMAGE_ALLOWED } : { gateway: DEMO_IMAGE_ALLOWED },
      });
      const quick = await start(node, QUICK);
      expect(await answerOf(node, quick)).to.deep.equal([70, '42\n']);
      const endless = await start(node, ENDLESS);
      await reaches(node, endless, 40);
      await node.runner().kill();
      await node.restart('runner');
      expect((await node.consumer.remove(endless)).ok).to.equal(true);
      const gone = await start(node, QUICK);
      expect(await answerOf(node, gone)).to.deep.equal([70, '42\n']);
      // A runner that dies over a start, before its algorithm runs, starts it anew in its next life.
      const provisioning = proxy.plant({ method: 'PUT', path: /\/archive/, does: { kind: 'hang' } });
      const begun = await start(node, QUICK);
      await reaches(node, begun, 20);
      await provisioning.until(1);
      await node.runner().kill();
      provisioning[Symbol.dispose]();
      await node.restart('runner');
      expect(await answerOf(node, begun)).to.deep.equal([70, '42\n']);
      // The old one clears away after it has told the end, and nobody clears away what an ended one leaves.
      await engine.untilGone(begun);
      expect(engine.starts(begun)).to.equal(1);
    });
  }
});
