import { expect } from 'chai';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Subscription } from '../../scripts/parts/subscription.ts';
import { watchEngine, type EngineEvents } from '../support/engine-events.ts';
import { startTestNode, type TestNode } from '../support/node.ts';
import { expectSameStatus } from '../support/same-status.ts';

/** Leaves a line each time it is started, works a while, and leaves its answer. */
const SLOW = (workMs: number) => `
const { appendFileSync, writeFileSync } = require('node:fs');
appendFileSync('/data/outputs/starts.txt', 'started\\n');
console.log('working');
setTimeout(() => {
  writeFileSync('/data/outputs/answer.txt', '42');
  console.log('done');
}, ${workMs});
`;
const WORK_MS = 3_000;

interface Scene extends AsyncDisposable {
  readonly node: TestNode;
  readonly engine: EngineEvents;
  readonly jobId: string;
}

describe('a running job survives', () => {
  /** A node whose only job runs its algorithm at this very moment. */
  const aRunningJob = async (workMs = WORK_MS): Promise<Scene> => {
    await using releases = new AsyncDisposableStack();
    const node = releases.use(await startTestNode());
    const engine = releases.use(await watchEngine());
    const dataset = await node.addDataset({ isRawAllowed: true });
    const live = releases.use(await node.consumer.follow());
    const { jobId } = await node.consumer.start(node.rawOrderOf(dataset, SLOW(workMs)));
    await live.until((event) => event.jobId === jobId && event.status === 40, 'status 40');
    const kept = releases.move();
    return { node, engine, jobId, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  };

  const ended = async (node: TestNode, jobId: string): Promise<StatusObject> => {
    await using live: Subscription = await node.consumer.follow({ jobId });
    const [now] = live.snapshot.jobs;
    return now !== undefined && now.dateFinished !== null ? now : (await live.ended(jobId)).job;
  };

  const expectNormalResult = async ({ node, engine, jobId }: Scene) => {
    const job = await ended(node, jobId);
    expect(job).to.include({ status: 70, statusText: 'Job completed' });
    await expectSameStatus(node.consumer, job);
    const textOf = async (filename: string) => {
      const index = job.results.find((file) => file.filename === filename)?.index ?? -1;
      return (await node.consumer.result(jobId, index)).text();
    };
    expect(await textOf('answer.txt')).to.equal('42');
    expect(await textOf('algorithm.log')).to.equal('working\ndone\n');
    expect(await textOf('starts.txt'), 'the algorithm was started once').to.equal('started\n');
    expect(engine.starts(jobId), 'a container was started once').to.equal(1);
  };

  it('a kill -9 of the runner, and leaves no container and no volume', async () => {
    await using scene = await aRunningJob();
    await scene.node.runner().kill();
    await scene.node.restart('runner');
    await expectNormalResult(scene);
    await scene.engine.untilGone(scene.jobId);
    expect(await scene.node.leftovers()).to.deep.equal({ containers: [], volumes: [], networks: [] });
  });

  it('a runner that is away while the algorithm ends', async () => {
    await using scene = await aRunningJob(500);
    await scene.node.runner().kill();
    await scene.engine.until('die', scene.jobId);
    await scene.node.restart('runner');
    await expectNormalResult(scene);
  });

  it('a kill -9 of the gateway', async () => {
    await using scene = await aRunningJob();
    await scene.node.gateway().kill();
    await scene.node.restart('gateway');
    await expectNormalResult(scene);
  });

  it('a gateway that is away while the job ends', async () => {
    await using scene = await aRunningJob(500);
    await scene.node.gateway().kill();
    await scene.engine.untilGone(scene.jobId);
    await scene.node.restart('gateway');
    await expectNormalResult(scene);
  });

  it('a kill -9 of NATS that loses its disk', async () => {
    await using scene = await aRunningJob();
    await scene.node.nats().kill();
    await scene.node.restart('nats', { isWiped: true });
    await expectNormalResult(scene);
  });

  it('all of it at once', async () => {
    await using scene = await aRunningJob();
    const { node } = scene;
    await Promise.all([node.runner().kill(), node.gateway().kill(), node.nats().kill()]);
    await node.restart('nats', { isWiped: true });
    await Promise.all([node.restart('gateway'), node.restart('runner')]);
    await expectNormalResult(scene);
  });
});

describe('a node that is stopped while a job runs', () => {
  it('ends at once with code 0, and goes on with the job when it is started again', async () => {
    await using node = await startTestNode();
    await using engine = await watchEngine();
    const dataset = await node.addDataset({ isRawAllowed: true });
    await using live = await node.consumer.follow();
    const { jobId } = await node.consumer.start(node.rawOrderOf(dataset, SLOW(WORK_MS)));
    await live.until((event) => event.status === 40, 'status 40');
    expect(await node.stop()).to.deep.equal({ runner: 0, gateway: 0 });
    await node.restart('nats');
    await node.restart('gateway');
    await node.restart('runner');
    await using again = await node.consumer.follow({ jobId });
    const { job } = await again.ended(jobId);
    expect(job.status).to.equal(70);
    expect(engine.starts(jobId)).to.equal(1);
  });
});
