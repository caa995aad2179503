import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { startRegistry, type Registry } from '../../../scripts/parts/registry.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { usesContainerdStore } from '../../../scripts/tests/which-engine.ts';
import { startAssetServer, type AssetServer } from '../../support/asset-server.ts';
import { startPrivateEngine, type PrivateEngine } from '../../support/runner/private-engine.ts';
import { startScene, type Scene, type SceneOptions } from '../../support/runner/scene.ts';
import { push, smallImage } from '../../support/runner/small-image.ts';
import { mountSmallDisk, whyNoSmallDisk } from '../../support/small-disk.ts';

const MB = 1_000_000;
/** For what one job brings, and not for that and what another one writes. In containerd's store, what came stays beside what it unpacked. */
const DISK_MB = { own: 160, containerd: 170 };
const INODES = 3_000;

describe("an engine's disk that a job fills with what it brings", function () {
  this.timeout(240_000);
  let folder: TemporaryFolder;
  let registry: Registry;
  let assets: AssetServer;
  let engine: PrivateEngine;
  let release: (() => Promise<void>) | undefined;

  before(async function () {
    await using releases = new AsyncDisposableStack();
    folder = releases.use(await temporaryFolder('engine-filled'));
    const why = await whyNoSmallDisk(folder.path);
    if (why !== undefined) {
      console.error(`    skipped: ${why}`);
      this.skip();
    }
    const megabytes = DISK_MB[(await usesContainerdStore()) ? 'containerd' : 'own'];
    const disk = releases.use(await mountSmallDisk(join(folder.path, 'disk'), megabytes, INODES));
    registry = releases.use(await startRegistry({ dir: join(folder.path, 'registry') }));
    assets = await startAssetServer();
    releases.defer(() => assets[Symbol.asyncDispose]());
    engine = releases.use(
      await startPrivateEngine(join(folder.path, 'engine'), { dataRoot: join(disk.path, 'data'), isBare: true }),
    );
    await push(registry, 'some/tiny:1', await smallImage());
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release?.());
  // What a runner has pulled stays, since its list lies in its own data folder; and so does what it had not yet cleared away at its end.
  afterEach(async () => {
    const ask = (method: 'GET' | 'DELETE', path: string) => askEngine(method, path, { socketPath: engine.socket });
    const all = async <T>(path: string) => JSON.parse((await ask('GET', path)).body) as T;
    for (const { Id } of await all<readonly { readonly Id: string }[]>('/containers/json?all=1'))
      await ask('DELETE', `/containers/${Id}?force=1`);
    const { Volumes } = await all<{ readonly Volumes: readonly { readonly Name: string }[] | null }>('/volumes');
    for (const { Name } of Volumes ?? []) await ask('DELETE', `/volumes/${Name}?force=1`);
    for (const { Id } of await all<readonly { readonly Id: string }[]>('/images/json'))
      await ask('DELETE', `/images/${Id}?force=1`);
  });

  const aScene = (variables: SceneOptions['variables'] = {}) =>
    startScene({
      limits: { memoryGB: 0.1, maxFiles: 10_000 },
      variables: {
        CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket,
        CAPSTAN_RUNNER_MIN_FREE_DISK_GB: '0.002',
        CAPSTAN_RUNNER_IMAGES_REGISTRIES: JSON.stringify([registry.host]),
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        ...variables,
      },
    });
  type Parts = Parameters<Scene['start']>[0];
  const start = (scene: Scene, name: string, parts: Parts = { rawcode: 'cat /mark' }) =>
    scene.start({
      container: { image: `${registry.host}/some/${name}`, tag: '1', entrypoint: 'sh $ALGO' },
      ...parts,
    });
  /** Another job that takes so much of the disk, until it is stopped. */
  const busy = async (scene: Scene, rawcode: string) => {
    const jobId = await start(scene, 'tiny', { rawcode: `${rawcode}; echo there; sleep 600` });
    await scene.until(jobId, 40);
    return jobId;
  };
  /** It waits with a reason as long as the other one is there, and is carried out then, at its first attempt. */
  const expectWait = async (
    scene: Scene,
    other: Parameters<Scene['want']>[0],
    begin: () => ReturnType<typeof start>,
  ) => {
    const jobId = await begin();
    await scene.runner().untilLogged('the engine has no room: a job waits, and no other begins');
    const { paused } = await scene.announced((one) => one.paused !== undefined, 'a reason to wait');
    // Whoever was the first to see it.
    expect(paused).to.match(/no space, or no inodes, on its disk|too full for another job/);
    expect(scene.codes(jobId).filter((code) => code > 20)).to.deep.equal([]);
    await scene.want(other, 'stopped');
    const { code, attempt, details } = await scene.until(jobId, 'end');
    expect(code, details.termination?.reason).to.equal(70);
    expect(attempt).to.equal(1);
  };
  const fillBytes = (megabytes: number) =>
    `busybox dd if=/dev/zero of=/data/outputs/zeros bs=1000000 count=${megabytes}`;

  it('with its image, makes it wait for the others to end', async () => {
    await using scene = await aScene();
    await push(registry, 'some/padded:1', await smallImage({ padding: { bytes: 55 * MB } }));
    const other = await busy(scene, fillBytes(70));
    await expectWait(scene, other, () => start(scene, 'padded'));
  });

  it('with its data, makes it wait for the others to end', async () => {
    await using scene = await aScene();
    const other = await busy(scene, fillBytes(70));
    const url = assets.serve('/large', { kind: 'file', body: randomBytes(110 * MB) });
    await expectWait(scene, other, () =>
      start(scene, 'tiny', { rawcode: 'cat /mark', datasets: [{ files: [{ type: 'url', url }] }] }),
    );
  });

  it('with the files of its image, makes it wait for the others to end', async () => {
    await using scene = await aScene();
    const folders = Array.from({ length: 1_600 }, (_, index) => `folder-${index}`);
    await push(registry, 'some/branched:1', await smallImage({ folders }));
    const other = await busy(scene, 'cd /data/outputs; for i in $(busybox seq 1300); do : > $i; done');
    await expectWait(scene, other, () => start(scene, 'branched'));
  });

  it('with its data, though it has it for itself, ends that job with the reason, and no other', async () => {
    await using scene = await aScene();
    const url = assets.serve('/huge', { kind: 'file', body: randomBytes(DISK_MB.containerd * MB) });
    const jobId = await start(scene, 'tiny', { rawcode: 'cat /mark', datasets: [{ files: [{ type: 'url', url }] }] });
    const { code, details } = await scene.until(jobId, 'end');
    expect(code, details.termination?.reason).to.equal(31);
    expect(details.termination?.reason).to.contain("does not fit on the engine's disk");
    expect((await scene.until(await start(scene, 'tiny'), 'end')).code).to.equal(70);
  });
});
