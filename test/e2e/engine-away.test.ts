/** What `/health` says of a node whose container engine is gone, and again when it is back. On an engine of its own. */
import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import type { Health } from '@capstan/shared/contract/answers';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { startPrivateEngine, type PrivateEngine } from '../support/runner/private-engine.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

const LIMIT_MS = 60_000;
const LOOK_MS = 100;
const REASON =
  'No environment begins a job now: The container engine of the node does not answer. Jobs begin when it is back.';

const AWAYS: Readonly<
  Record<string, { leave(engine: PrivateEngine): unknown; comeBack(engine: PrivateEngine): unknown }>
> = {
  'is stopped': { leave: (engine) => engine.stop(), comeBack: (engine) => engine.start() },
  'stands still': { leave: (engine) => engine.freeze(), comeBack: (engine) => engine.thaw() },
};

describe('a node whose container engine', function () {
  this.timeout(180_000);
  let engine: PrivateEngine;
  let node: TestNode;
  let release: (() => Promise<void>) | undefined;

  before(async function () {
    // Only root may run an engine of its own.
    if (process.getuid?.() !== 0) this.skip();
    await using releases = new AsyncDisposableStack();
    const { path } = releases.use(await temporaryFolder('engine'));
    engine = releases.use(await startPrivateEngine(path));
    node = releases.use(await startTestNode({ own: { runner: { CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket } } }));
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release?.());

  const health = async () => (await (await fetch(`${node.url}/health`)).json()) as Health;
  const until = async (status: Health['status']) => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const found = await health();
      if (found.status === status) return found;
      if (signal.aborted) throw new Error(`the health stays ${JSON.stringify(found)}`);
      await pause(LOOK_MS);
    }
  };

  for (const [what, { leave, comeBack }] of Object.entries(AWAYS)) {
    it(`${what} says so in its health with the reason, takes jobs, and begins them when it is back`, async () => {
      await until('ok');
      await leave(engine);
      const { reasons, parts, notices } = await until('degraded');
      expect([reasons, parts.runners.state]).to.deep.equal([[REASON], 'down']);
      expect(notices.join()).to.contain('container engine');
      const order = node.rawOrderOf(await node.addDataset({ isRawAllowed: true }), 'console.log(42)');
      await using live = await node.consumer.follow();
      const { jobId } = await node.consumer.start(order);
      await comeBack(engine);
      expect((await live.ended(jobId)).job.status).to.equal(70);
      await until('ok');
    });
  }
});
