import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { startRegistry, type Registry } from '../../../scripts/parts/registry.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { usesContainerdStore } from '../../../scripts/tests/which-engine.ts';
import { startPrivateEngine, type PrivateEngine } from '../../support/runner/private-engine.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';
import { push, smallImage } from '../../support/runner/small-image.ts';
import { mountSmallDisk, whyNoSmallDisk } from '../../support/small-disk.ts';

/** Of the disk that the engine keeps its images on. In containerd's store lies what came beside what it unpacked. */
const DISK_MB = { own: 120, containerd: 220 };

describe("an engine's disk", function () {
  let folder: TemporaryFolder;
  let registry: Registry;
  let engine: PrivateEngine;
  let release: (() => Promise<void>) | undefined;

  before(async function () {
    await using releases = new AsyncDisposableStack();
    folder = releases.use(await temporaryFolder('engine-disk'));
    const why = await whyNoSmallDisk(folder.path);
    if (why !== undefined) {
      console.error(`    skipped: ${why}`);
      this.skip();
    }
    const megabytes = DISK_MB[(await usesContainerdStore()) ? 'containerd' : 'own'];
    const disk = releases.use(await mountSmallDisk(join(folder.path, 'disk'), megabytes));
    registry = releases.use(await startRegistry({ dir: join(folder.path, 'registry') }));
    engine = releases.use(
      await startPrivateEngine(join(folder.path, 'engine'), { dataRoot: join(disk.path, 'data'), isBare: true }),
    );
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release?.());

  const aScene = (variables: Readonly<Record<string, string>>) =>
    startScene({
      limits: { memoryGB: 0.1 },
      variables: {
        CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket,
        CAPSTAN_RUNNER_MIN_FREE_DISK_GB: '0.005',
        CAPSTAN_RUNNER_IMAGES_REGISTRIES: JSON.stringify([registry.host]),
        ...variables,
      },
    });
  const put = async (name: string, megabytes: number) =>
    push(registry, `some/${name}:1`, await smallImage({ padding: { bytes: megabytes * 1_000_000 } }));
  const start = (scene: Scene, name: string, rawcode = 'cat /mark') =>
    scene.start({ rawcode, container: { image: `${registry.host}/some/${name}`, tag: '1', entrypoint: 'sh $ALGO' } });
  const endOf = async (scene: Scene, name: string, rawcode?: string) =>
    (await scene.until(await start(scene, name, rawcode), 'end')).details.termination;
  const namesOf = async (name: string) => {
    const { body } = await askEngine('GET', '/images/json', { socketPath: engine.socket });
    const images = JSON.parse(body) as readonly { RepoTags: string[] | null; RepoDigests: string[] | null }[];
    return images
      .flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])])
      .filter((each) => each.startsWith(`${registry.host}/some/${name}`));
  };
  const has = async (name: string) => (await namesOf(name)).length > 0;
  const untilRemoved = (scene: Scene, name: string) =>
    scene.runner().until({
      match: (line) => (line.includes('removed to make room') && line.includes(`/${name}:1`) ? true : undefined),
      what: `the removal of ${name}`,
      limitMs: 60_000,
    });

  it('that fills up is relieved of the images that were not used for the longest time, and of no others', async () => {
    await using scene = await aScene({
      CAPSTAN_RUNNER_IMAGES_EVICT_ABOVE_PERCENT: '62',
      CAPSTAN_RUNNER_IMAGES_EVICT_BELOW_PERCENT: '55',
    });
    for (const name of ['by-hand', 'busy', 'old', 'new', 'last']) await put(name, 12);
    await askEngine('POST', `/images/create?fromImage=${registry.host}/some/by-hand&tag=1`, {
      socketPath: engine.socket,
    });
    const busy = await start(scene, 'busy', 'sleep 600');
    await scene.until(busy, 40);
    for (const name of ['old', 'new', 'old']) expect((await endOf(scene, name))?.exitCode, name).to.equal(0);
    expect(await has('new')).to.equal(true);
    // Used again, it is not the oldest any more.
    expect((await endOf(scene, 'last'))?.exitCode).to.equal(0);
    await untilRemoved(scene, 'new');
    expect([await has('by-hand'), await has('busy'), await has('last')]).to.deep.equal([true, true, true]);
    await scene.want(busy, 'stopped');
    await scene.until(busy, 'end');
  });

  it('that is full fails the job that fills it, with the reason, and no other', async () => {
    // What a runner pulled in an earlier life goes as well: its list lies in its own data folder, which is another one here.
    for (const name of ['by-hand', 'busy', 'old', 'new', 'last']) {
      for (const each of await namesOf(name))
        await askEngine('DELETE', `/images/${each}?force=1`, { socketPath: engine.socket });
    }
    await using scene = await aScene({});
    await put('huge', 110);
    await put('small', 1);
    const failed = await endOf(scene, 'huge');
    expect(failed?.reason).to.contain("could not be pulled: the engine's disk is full.");
    expect((await endOf(scene, 'small'))?.exitCode).to.equal(0);
    const writes = 'cat /dev/zero > /data/outputs/zeros; echo $? > /data/logs/code; exit 5';
    expect((await endOf(scene, 'small', writes))?.exitCode).to.equal(5);
    expect((await endOf(scene, 'small'))?.exitCode).to.equal(0);
  });
});

describe('a disk that is too full', () => {
  it('keeps jobs waiting with a reason, and lets them begin when there is space again', async function () {
    await using folder = await temporaryFolder('full-disk');
    const why = await whyNoSmallDisk(folder.path);
    if (why !== undefined) {
      console.error(`    skipped: ${why}`);
      this.skip();
    }
    await using disk = await mountSmallDisk(join(folder.path, 'disk'), 16);
    const { fill, clear } = filler(disk.path);
    await using scene = await startScene({
      variables: { CAPSTAN_RUNNER_IMAGES_ENGINE_ROOT: disk.path, CAPSTAN_RUNNER_MIN_FREE_DISK_GB: '0.005' },
    });
    await fill();
    const paused = await scene.announced((one) => one.paused !== undefined, 'a pause');
    expect(paused.paused).to.contain('too full for another job');
    const jobId = await scene.start({ rawcode: 'true', container: { entrypoint: 'sh $ALGO' } });
    await clear();
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    await scene.runner().untilLogged('there is space on the disks again');
  });
});

function filler(dir: string) {
  const path = join(dir, 'filling');
  return {
    fill: () => writeFile(path, Buffer.alloc(11_000_000)),
    clear: () => rm(path),
  };
}
