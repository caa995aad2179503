import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../../scripts/parts/free-port.ts';
import { subscribe, type Subscription } from '../../scripts/parts/subscription.ts';
import { startAssetServer } from '../support/asset-server.ts';
import { watchEngine, type EngineEvents } from '../support/engine-events.ts';
import { createCaller, type Caller } from '../support/gateway/caller.ts';
import { untilFirstOutput } from '../support/runner/first-output.ts';
import { NODE_CONTAINER, startTestNode, type TestNode } from '../support/node.ts';

const GRACE_S = 3;

/** Writes something, and will not hear of an end. */
const STUBBORN = `
process.on('SIGTERM', () => console.log('no'));
require('node:fs').writeFileSync('/data/outputs/half.txt', 'half');
console.log('begun');
setInterval(() => {}, 1000);
`;

interface Scene extends AsyncDisposable {
  readonly caller: Caller;
  readonly live: Subscription;
  readonly engine: EngineEvents;
}

describe('the owner of a job', () => {
  let node: TestNode;
  let registryPort: number;
  before(async () => {
    registryPort = await freePort();
    node = await startTestNode({
      limits: { maxJobs: 1 },
      variables: {
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        CAPSTAN_RUNNER_STOP_GRACE_S: String(GRACE_S),
        CAPSTAN_RUNNER_IMAGES_REGISTRIES: JSON.stringify([`127.0.0.1:${registryPort}`]),
      },
    });
  });
  after(() => node[Symbol.asyncDispose]());

  const aScene = async (): Promise<Scene> => {
    await using releases = new AsyncDisposableStack();
    const caller = createCaller(() => node.url);
    const live = releases.use(await subscribe(node.url, { consumerAddress: caller.address }));
    const engine = releases.use(await watchEngine());
    const kept = releases.move();
    return { caller, live, engine, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  };
  const reaches = ({ live }: Scene, jobId: string, status: number) =>
    live.until((event) => event.jobId === jobId && event.status === status, `status ${status}`);
  const seconds = async (work: Promise<unknown>) => {
    const begin = performance.now();
    await work;
    return (performance.now() - begin) / 1000;
  };
  const textOf = async ({ caller }: Scene, jobId: string, filename: string, more = {}) => {
    const index = (await caller.status(jobId)).results.find((file) => file.filename === filename)?.index;
    return (await caller.result(jobId, index ?? 'none', more)).text;
  };

  it('stops it though it ignores SIGTERM, and has what there is of log and outputs', async () => {
    await using scene = await aScene();
    const { caller, engine } = scene;
    const dataset = await node.addDataset({ isRawAllowed: true });
    const { jobId } = await caller.job(node.rawOrderOf(dataset, STUBBORN));
    await reaches(scene, jobId, 40);
    await untilFirstOutput(jobId);
    const stopping = caller.stop({ jobId });
    expect(await seconds(stopping)).to.be.within(GRACE_S - 0.5, 10);
    expect((await stopping).jobs()[0]).to.include({ jobId, status: 7, stopreq: 1 });
    expect(await textOf(scene, jobId, 'algorithm.log')).to.equal('begun\nno\n');
    expect(await textOf(scene, jobId, 'half.txt')).to.equal('half');
    await engine.untilGone(jobId);
  });

  it('stops it while its data is on the way, at once', async () => {
    await using scene = await aScene();
    await using server = await startAssetServer();
    const url = server.serve('/data.csv', { kind: 'hang' });
    const dataset = await node.addDataset({ isRawAllowed: true, files: [{ url }] });
    const { jobId } = await scene.caller.job(node.rawOrderOf(dataset, STUBBORN));
    await reaches(scene, jobId, 20);
    const stopping = scene.caller.stop({ jobId });
    expect(await seconds(stopping)).to.be.lessThan(5);
    expect((await stopping).jobs()[0]).to.include({ status: 7 });
    expect(scene.engine.starts(jobId)).to.equal(0);
  });

  it('stops it while its image is on the way, at once', async () => {
    await using scene = await aScene();
    await using registry = await startAssetServer(registryPort);
    registry.serve('/v2/', { kind: 'hang' });
    const container = { ...NODE_CONTAINER, image: `${new URL(registry.url).host}/slow/image`, tag: '1' };
    const dataset = await node.addDataset({ isRawAllowed: true });
    const { jobId } = await scene.caller.job(node.rawOrderOf(dataset, STUBBORN, container));
    await reaches(scene, jobId, 10);
    const stopping = scene.caller.stop({ jobId });
    expect(await seconds(stopping)).to.be.lessThan(5);
    expect((await stopping).jobs()[0]).to.include({ status: 7 });
  });

  it('stops one that waits for its turn, while the other goes on', async () => {
    await using scene = await aScene();
    const { caller } = scene;
    const dataset = await node.addDataset({ isRawAllowed: true });
    const running = await caller.job(node.rawOrderOf(dataset, STUBBORN));
    await reaches(scene, running.jobId, 40);
    const waiting = await caller.job(node.rawOrderOf(dataset, STUBBORN));
    expect(await seconds(caller.stop({ jobId: waiting.jobId }))).to.be.lessThan(2);
    expect(await caller.status(waiting.jobId)).to.include({ status: 7 });
    expect(await caller.status(running.jobId)).to.include({ status: 40, stopreq: 0 });
    expect((await caller.stop()).jobs().map(({ jobId, status }) => [jobId, status])).to.deep.equal([
      [running.jobId, 7],
    ]);
  });

  it('deletes it while it runs, and nothing is left of it', async () => {
    await using scene = await aScene();
    const { caller, engine } = scene;
    const dataset = await node.addDataset({ isRawAllowed: true });
    const { jobId } = await caller.job(node.rawOrderOf(dataset, STUBBORN));
    await reaches(scene, jobId, 40);
    expect((await caller.remove({ jobId })).jobs()[0]).to.include({ jobId, status: 8, removed: 1 });
    await engine.untilGone(jobId);
    expect(existsSync(join(node.dataDir, 'results', jobId))).to.equal(false);
    expect((await caller.call('GET', '/api/services/compute', { query: { jobId } })).jobs()).to.deep.equal([]);
    expect(scene.live.events().filter((event) => event.status === 8)).to.have.length(1);
    // Its place is free for the next one.
    const next = await caller.job(node.rawOrderOf(dataset, `console.log('next')`));
    expect((await scene.live.ended(next.jobId)).status).to.equal(70);
  });

  it('runs it again when it failed, under the same order, and keeps what the first run left', async () => {
    await using scene = await aScene();
    const { caller, live } = scene;
    const dataset = await node.addDataset({ isRawAllowed: true });
    const write = (text: string) => `require('node:fs').writeFileSync('/data/outputs/out.txt', '${text}');`;
    const order = node.rawOrderOf(dataset, `${write('first')} process.exit(3)`);
    const { jobId } = await caller.job(order);
    expect((await live.ended(jobId)).status).to.equal(41);
    const again = { ...node.rawOrderOf(dataset, write('second')), dataset: order.dataset, jobId };
    expect(await caller.job(again)).to.include({ jobId, status: 1 });
    await live.until((event) => event.run === 2 && event.status === 70, 'the end of run 2');
    expect(await textOf(scene, jobId, 'out.txt')).to.equal('second');
    expect(await textOf(scene, jobId, 'out.txt', { run: 1 })).to.equal('first');
    expect(scene.engine.starts(jobId)).to.equal(2);
  });

  it('runs it again when it was stopped, and that run is not stopped', async () => {
    await using scene = await aScene();
    const { caller, live } = scene;
    const dataset = await node.addDataset({ isRawAllowed: true });
    const order = node.rawOrderOf(dataset, STUBBORN);
    const { jobId } = await caller.job(order);
    await reaches(scene, jobId, 40);
    await caller.stop({ jobId });
    await caller.job({ ...node.rawOrderOf(dataset, `console.log('done')`), dataset: order.dataset, jobId });
    await live.until((event) => event.run === 2 && event.status === 70, 'the end of run 2');
    expect(await textOf(scene, jobId, 'algorithm.log')).to.equal('done\n');
  });
});
