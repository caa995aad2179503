/** A backup that was made while jobs ran, restored into a folder of its own: another node, whose runner is another. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { removeLeftovers, leftoversOf } from '../../scripts/parts/engine.ts';
import { startNode, withoutSettings, type LocalNode } from '../../scripts/parts/node.ts';
import { ROOT } from '../../scripts/parts/service.ts';
import { subscribe } from '../../scripts/parts/subscription.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { DEMO_IMAGE_ALLOWED } from '../../scripts/demo/assets.ts';
import { watchEngine } from '../support/engine-events.ts';
import { createCaller, type Caller } from '../support/gateway/caller.ts';
import { startTestNode, TEST_PREFIX, type TestNode } from '../support/node.ts';

const FOR_EVER = 'console.log("begun"); setInterval(() => {}, 1000);';

/** As a person types it. */
async function command(name: 'backup' | 'restore', dataDir: string, ...words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'scripts', `${name}.ts`), ...words], {
    cwd: ROOT,
    env: { ...withoutSettings(process.env), CAPSTAN_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code, (await said).join('')).to.equal(0);
  return (await said)[0];
}

describe('a node that was restored elsewhere from a backup', function () {
  this.timeout(240_000);
  let old: TestNode;
  let restored: LocalNode;
  let caller: Caller;
  let jobs: { readonly running: string; readonly stopped: string; readonly waiting: string };
  let release: (() => Promise<void>) | undefined;
  const otherRunner = `${TEST_PREFIX}restored`;

  before(async () => {
    await using releases = new AsyncDisposableStack();
    const folder = releases.use(await temporaryFolder('restored'));
    old = releases.use(await startTestNode({ limits: { maxJobs: 2 } }));
    const before = createCaller(() => old.url);
    const dataset = await old.addDataset({ isRawAllowed: true });
    const start = async (code: string) => (await before.job(old.rawOrderOf(dataset, code))).jobId;
    await using live = await subscribe(old.url, { consumerAddress: before.address });
    const [running, stopped] = [await start(FOR_EVER), await start(FOR_EVER)];
    for (const jobId of [running, stopped])
      await live.until((event) => event.jobId === jobId && event.status === 40, `a running job ${jobId}`);
    jobs = { running, stopped, waiting: await start('console.log(42)') };

    const made = await command('backup', old.dataDir, join(folder.path, 'backups'));
    const dataDir = join(folder.path, 'data');
    await command('restore', dataDir, made.slice(0, made.indexOf(':')));
    releases.defer(async () => removeLeftovers(await leftoversOf((runnerId) => runnerId === otherRunner)));
    restored = releases.use(
      await startNode({
        dataDir,
        variables: {
          ...DEMO_IMAGE_ALLOWED,
          CAPSTAN_RUNNER_ID: otherRunner,
          // What the jobs were ordered in is not offered here yet.
          CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: `${otherRunner}-own` }]),
        },
      }),
    );
    caller = createCaller(() => restored.url, before.wallet);
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release?.());

  it('says of each job that its runner is not here', async () => {
    for (const jobId of [jobs.running, jobs.stopped]) {
      const { status, queue } = await caller.status(jobId);
      expect(status).to.equal(40);
      expect(queue?.reason)
        .to.contain('restored from a backup')
        .and.to.contain(`(${old.environment}) is not here`)
        .and.to.contain('stop it');
    }
    expect(await caller.status(jobs.waiting))
      .to.include({ status: 1 })
      .and.to.have.nested.property('queue.reason', 'No runner of this environment is connected at the moment.');
  });

  it('ends at once what its owner does not want to wait for, and says why there is nothing of it', async () => {
    const [job] = (await caller.stop({ jobId: jobs.stopped })).jobs();
    expect(job).to.include({ jobId: jobs.stopped, status: 7 });
    expect(job?.terminationDetails?.reason).to.contain(`The runner that had it (${old.environment}) is not here`);
  });

  it('has a runner of another id take what none had begun, and leaves the rest to the day after', async () => {
    await using live = await subscribe(restored.url, { consumerAddress: caller.address });
    await using engine = await watchEngine();
    await restored.runner().stop();
    await restored.restart('runner', {
      variables: { CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: old.environment, maxJobs: 2 }]) },
    });
    expect((await live.ended(jobs.waiting)).job.status).to.equal(70);
    await engine.untilGone(jobs.waiting);
    expect(engine.starts(jobs.running)).to.equal(0);
    const { status, queue } = await caller.status(jobs.running);
    expect(status).to.equal(40);
    expect(queue?.reason).to.contain(`(${old.environment}) is not here`);
  });

  it('touches nothing of the node that it was made of, whose jobs go on', async () => {
    const there = createCaller(() => old.url, caller.wallet);
    expect(await there.status(jobs.running)).to.include({ status: 40 });
    const { containers } = await old.leftovers();
    // Two for each job: one that runs, and the one that its files go in and out by.
    expect(containers).to.have.length(4);
  });
});
