import { expect } from 'chai';
import { subscribe, type Subscription } from '../../scripts/parts/subscription.ts';
import type { PartName } from '../../scripts/parts/node.ts';
import { watchEngine, type EngineEvents } from '../support/engine-events.ts';
import { createCaller, type Caller } from '../support/gateway/caller.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

const KILLS = 10;
const SUBSCRIBERS = 20;

/** Leaves a line each time it is started, and goes on until it is stopped; then it leaves its answer. */
const UNTIL_STOPPED = `
const { appendFileSync, writeFileSync } = require('node:fs');
appendFileSync('/data/outputs/starts.txt', 'started\\n');
process.on('SIGTERM', () => {
  writeFileSync('/data/outputs/answer.txt', '42');
  process.exit(0);
});
console.log('working');
setInterval(() => {}, 1000);
`;

describe('a node of which one part is killed ten times in a row while an algorithm runs', function () {
  // Twenty starts of a process, each of which opens what the one before left behind.
  let node: TestNode;
  let engine: EngineEvents;
  let caller: Caller;

  beforeEach(async () => {
    node = await startTestNode();
    engine = await watchEngine();
    caller = createCaller(() => node.url);
  });
  afterEach(async () => {
    await engine[Symbol.asyncDispose]();
    await node[Symbol.asyncDispose]();
  });

  const follow = () => subscribe(node.url, { consumerAddress: caller.address });
  const aRunningJob = async (live: Subscription) => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    const { jobId } = await caller.job(node.rawOrderOf(dataset, UNTIL_STOPPED));
    await live.until((event) => event.jobId === jobId && event.status === 40, 'status 40');
    return jobId;
  };
  /** The event itself: what comes before it is told from history with the job as it stands by then. */
  const stopped = (jobId: string, live: Subscription) =>
    live.until((event) => event.jobId === jobId && event.status === 7, 'status 7');
  const killTenTimes = async (part: PartName, options = {}) => {
    for (let times = 0; times < KILLS; times += 1) {
      await node[part]().kill();
      await node.restart(part, options);
    }
  };
  /** The same container goes on to the end, and what it leaves is what it would have left anyway. */
  const expectOneStart = async (jobId: string, live: Subscription) => {
    await caller.stop({ jobId });
    const { job } = await stopped(jobId, live);
    expect(engine.starts(jobId), 'its container was started once').to.equal(1);
    const textOf = async (filename: string) => {
      const index = job.results.find((file) => file.filename === filename)?.index ?? -1;
      return (await caller.result(jobId, index)).text;
    };
    expect(await textOf('starts.txt')).to.equal('started\n');
    expect(await textOf('answer.txt')).to.equal('42');
    expect(await textOf('algorithm.log')).to.equal('working\n');
    await engine.untilGone(jobId);
  };

  it('the runner: the same container, started once, with the right result', async () => {
    await using live = await follow();
    const jobId = await aRunningJob(live);
    await killTenTimes('runner');
    await expectOneStart(jobId, live);
  });

  it('the gateway: its subscribers miss nothing and hear nothing twice', async () => {
    const subscribers = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => follow()));
    const [first] = subscribers;
    if (!first) throw new Error('there are subscribers');
    try {
      const jobId = await aRunningJob(first);
      await killTenTimes('gateway');
      await expectOneStart(jobId, first);
      const expected = first.events().map(({ cursor, status }) => [cursor, status]);
      expect(expected.map(([, status]) => status)).to.deep.equal([1, 10, 20, 30, 40, 60, 7]);
      for (const subscriber of subscribers) {
        await stopped(jobId, subscriber);
        expect(subscriber.events().map(({ cursor, status }) => [cursor, status])).to.deep.equal(expected);
      }
    } finally {
      await Promise.all(subscribers.map((subscriber) => subscriber.close()));
    }
  });

  it('NATS, which loses its disk each time: nothing is lost and nothing runs twice', async () => {
    await using live = await follow();
    const jobId = await aRunningJob(live);
    await killTenTimes('nats', { isWiped: true });
    await expectOneStart(jobId, live);
  });
});
