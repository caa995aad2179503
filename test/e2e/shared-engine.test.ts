import { expect } from 'chai';
import { askEngine } from '../../scripts/parts/engine.ts';
import { watchEngine } from '../support/engine-events.ts';
import { NODE_CONTAINER, startTestNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { algorithmOf } from '../support/runner/names-in-engine.ts';

const SH = { ...NODE_CONTAINER, entrypoint: 'sh $ALGO' };
/** Until it is told to finish; then it has an answer. */
const ENDLESS = `trap 'echo secret > /data/outputs/answer.txt; exit 0' TERM; while :; do sleep 0.1; done`;

const SETTINGS: Readonly<Record<string, TestNodeOptions>> = {
  'by default settings': { hasOwnId: true },
  'whose runners were given one id': { hasOwnId: true, variables: { CAPSTAN_RUNNER_ID: `both-${process.pid}` } },
};

describe('two nodes on one engine', function () {
  this.timeout(400_000);

  const aRunningJob = async (node: TestNode) => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    const { jobId } = await node.consumer.start(node.rawOrderOf(dataset, ENDLESS, SH));
    await using live = await node.consumer.follow({ jobId });
    await live.until((event) => event.status === 40, 'status 40');
    return jobId;
  };
  const end = async (node: TestNode, jobId: string) => {
    await using live = await node.consumer.follow({ jobId });
    const [now] = live.snapshot.jobs;
    return now !== undefined && now.dateFinished !== null ? now : (await live.ended(jobId)).job;
  };
  const finish = async (jobId: string) => askEngine('POST', `/containers/${await algorithmOf(jobId)}/kill?signal=TERM`);
  const resultsOf = async (node: TestNode, jobId: string) => (await node.consumer.result(jobId, 0)).status === 200;

  for (const [named, options] of Object.entries(SETTINGS)) {
    it(`${named}: neither takes, publishes or clears away what is the other's`, async () => {
      await using engine = await watchEngine();
      await using mine = await startTestNode(options);
      const running = await aRunningJob(mine);
      await mine.runner().kill();

      // It looks at what is in the engine before it is ready.
      await using theirs = await startTestNode(options);
      const other = await aRunningJob(theirs);
      await theirs.runner().kill();
      await theirs.restart('runner');
      await mine.restart('runner');

      for (const [node, jobId] of [
        [mine, running],
        [theirs, other],
      ] as const) {
        await finish(jobId);
        expect(await end(node, jobId)).to.include({ status: 70 });
        await engine.untilGone(jobId);
        expect(engine.starts(jobId)).to.equal(1);
      }
      expect([await resultsOf(mine, running), await resultsOf(theirs, running)]).to.deep.equal([true, false]);
      expect([await resultsOf(mine, other), await resultsOf(theirs, other)]).to.deep.equal([false, true]);
      expect(await mine.leftovers()).to.deep.equal({ containers: [], volumes: [], networks: [] });
    });
  }
});
