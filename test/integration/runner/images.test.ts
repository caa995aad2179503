import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Container } from '@capstan/shared/contract/ddo';
import type { ImageNote } from '../../../services/runner/src/images/notes.ts';
import { createDockerEngine } from '../../../services/runner/src/docker/docker-engine.ts';
import { askEngine, engineSocket } from '../../../scripts/parts/engine.ts';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { startRegistry, type Registry } from '../../../scripts/parts/registry.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { countingServer } from '../../support/runner/counting-server.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';
import { startSlowRegistry } from '../../support/runner/slow-registry.ts';
import { DEMO_IMAGE } from '../../../scripts/demo/assets.ts';
import { goArchitecture, load, push, smallImage } from '../../support/runner/small-image.ts';

/** The engine itself hangs up on the registry with the next byte that comes. */
const GIVEN_UP = 'nobody waits for this image any more: its pull is given up';
const PASSWORD = 'pass+word/of=registry';

describe('an image', () => {
  let registry: Registry;
  let open: Registry;
  /** Ports that the runner was told of, for registries of single tests. */
  const ports: number[] = [];
  let scene: Scene;
  let release: () => Promise<void>;
  const names = new Set<string>();

  before(async () => {
    await using releases = new AsyncDisposableStack();
    const folder = releases.use(await temporaryFolder('registry'));
    const login = { username: 'node', password: PASSWORD };
    registry = releases.use(await startRegistry({ dir: `${folder.path}/private`, login }));
    while (ports.length < 4) ports.push(await freePort());
    open = releases.use(await startRegistry({ dir: `${folder.path}/open` }));
    scene = releases.use(
      await startScene({
        limits: { maxJobs: 3 },
        variables: {
          CAPSTAN_RUNNER_REGISTRIES: JSON.stringify([{ host: registry.host, ...login }]),
          CAPSTAN_RUNNER_IMAGES_REGISTRIES: JSON.stringify([open.host, ...ports.map((port) => `127.0.0.1:${port}`)]),
          CAPSTAN_RUNNER_IMAGES_LOCAL: JSON.stringify([DEMO_IMAGE.image, `${registry.host}/team/*`]),
          CAPSTAN_RUNNER_IMAGES_DENY: '**/denied',
          CAPSTAN_RUNNER_IMAGES_MAX_IMAGE_GB: '0.02',
          CAPSTAN_RUNNER_IMAGES_STALL_TIMEOUT_S: '2',
        },
      }),
    );
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release());
  afterEach(async () => {
    for (const name of [...names, ...(await notes()).map(({ reference }) => reference)])
      await askEngine('DELETE', `/images/${name}?force=1`);
    names.clear();
  });

  const notes = async () => {
    const text = await readFile(join(scene.dataDir, 'images.json'), 'utf8').catch(() => '{"images":[]}');
    return (JSON.parse(text) as { images: readonly ImageNote[] }).images;
  };
  const idOf = async (name: string) => {
    const { status, body } = await askEngine('GET', `/images/${name}/json`);
    return status === 200 ? (JSON.parse(body) as { Id: string }).Id : undefined;
  };
  const job = (container: Partial<Container>) => {
    if (container.image)
      names.add(
        container.checksum ? `${container.image}@${container.checksum}` : `${container.image}:${container.tag}`,
      );
    return scene.start({ rawcode: 'cat /mark', container: { entrypoint: 'sh $ALGO', ...container } });
  };
  const endOf = async (container: Partial<Container>) => {
    const jobId = await job(container);
    const { code, details } = await scene.until(jobId, 'end');
    return { jobId, code, reason: details.termination?.reason ?? '' };
  };
  const expectMark = async (container: Partial<Container>, mark: string) => {
    const { jobId, code, reason } = await endOf(container);
    expect(code, reason).to.equal(70);
    expect(await scene.text(jobId, 'algorithm.log')).to.equal(`${mark}\n`);
  };

  it('in a registry that wants a login is pulled with the one of the configuration', async () => {
    await push(registry, 'team/private:1', await smallImage({ mark: 'private' }));
    await expectMark({ image: `${registry.host}/team/private`, tag: '1' }, 'private');
    expect(scene.runner().lastLines(200).join('\n')).not.to.contain(PASSWORD);
  });

  it('that is pinned is the one of its digest, wherever its tag has been moved to', async () => {
    const [first, second] = [await smallImage({ mark: 'first' }), await smallImage({ mark: 'second' })];
    await push(registry, 'team/moved:1', first);
    await push(registry, 'team/moved:1', second);
    const image = `${registry.host}/team/moved`;
    await expectMark({ image, tag: '1', checksum: first.manifest.digest }, 'first');
    await expectMark({ image, tag: '1' }, 'second');
    // The one of the tag is here now, and still not taken for the other.
    await expectMark({ image, tag: '1', checksum: first.manifest.digest }, 'first');
  });

  it('that can not be had ends the job with a reason', async () => {
    await push(open, 'some/other:1', await smallImage());
    await push(open, 'some/foreign:1', await smallImage({ architecture: 's390x' }));
    const image = `${open.host}/some/other`;
    const wrongDigest = `sha256:${'ab'.repeat(32)}`;
    const cases: readonly [Partial<Container>, RegExp][] = [
      [{ image, tag: 'vanished' }, /vanished could not be pulled: its registry has no such image\.$/],
      [{ image: `${open.host}/some/nothing`, tag: '1' }, /its registry has no such image\.$/],
      [{ image, tag: '1', checksum: wrongDigest }, /its registry has no such image\.$/],
      [
        { image: `${open.host}/some/foreign`, tag: '1' },
        new RegExp(`made for linux/s390x, and this machine is linux/${goArchitecture()}`),
      ],
      [
        { image: `${open.host}/some/denied`, tag: '1' },
        /may not run here: this node does not run images of that repository\.$/,
      ],
      [
        { image: `127.0.0.1:${ports[0]}/nobody/there`, tag: '1' },
        /its registry gave no answer that the engine can use\.$/,
      ],
      [{ image: 'Upper/Case', tag: '1' }, /it is not a valid image name/],
    ];
    for (const [container, reason] of cases) {
      const ended = await endOf(container);
      expect(ended.code, ended.reason).to.equal(11);
      expect(ended.reason).to.match(reason);
      expect(scene.codes(ended.jobId)).to.deep.equal([10, 11]);
    }
  });

  it("that only the operator's login gets is none for jobs, unless the operator lists it", async () => {
    const image = await smallImage({ mark: 'private' });
    await push(registry, 'others/private:1', image);
    const { code, reason } = await endOf({ image: `${registry.host}/others/private`, tag: '1' });
    expect(code).to.equal(11);
    expect(reason).to.contain('its registry wants a login, or refuses the one that this node has for it (401)');
    expect(reason).to.contain('runner.images.local');
    // Somebody else has brought it to the machine, with a login of theirs.
    const name = `${registry.host}/others/private`;
    await load(`${name}:1`, image);
    expect((await endOf({ image: name, tag: '1' })).code).to.equal(11);
  });

  it('of a registry that nobody has listed is never asked for, whether that one is there, silent or on the machine', async () => {
    let asked = 0;
    await using server = await countingServer(() => (asked += 1));
    await load('127.0.0.1:9/only/here:1', await smallImage());
    const refusals = new Set<string>();
    for (const host of [
      server.host,
      '127.0.0.1:1',
      '10.255.255.1',
      'nobody.invalid',
      'localhost',
      '[::1]:5000',
      '127.0.0.1:9',
    ]) {
      const image = `${host}/only/here`;
      const { code, reason } = await endOf({ image, tag: '1' });
      expect(code, reason).to.equal(11);
      refusals.add(reason.replace(image, 'NAME'));
    }
    expect([...refusals].slice(1)).to.deep.equal([]);
    expect([...refusals][0]).to.match(/runner\.images\.registries.*runner\.images\.local/);
    expect(asked).to.equal(0);
  });

  it('that only this machine has, under the name of a registry, is none for jobs', async () => {
    const name = `${open.host}/nobody/pushed`;
    await load(`${name}:1`, await smallImage());
    const { code, reason } = await endOf({ image: name, tag: '1' });
    expect(code).to.equal(11);
    expect(reason).to.contain('its registry has no such image');
    expect(await idOf(`${name}:1`)).to.be.a('string');
  });

  it('that its registry gives to everybody runs also where somebody else has brought it, and stays theirs', async () => {
    const image = await smallImage({ mark: 'public' });
    await push(open, 'some/brought:1', image);
    const name = `${open.host}/some/brought`;
    await askEngine('POST', `/images/create?fromImage=${name}&tag=1`);
    await expectMark({ image: name, tag: '1' }, 'public');
    expect((await notes()).find(({ tagged }) => tagged === `${name}:1`)).to.include({ isPublic: true, isKept: true });
  });

  it('leaves a tag of the machine where its operator has put it, and is pulled once all the same', async () => {
    const [own, others] = [await smallImage({ mark: 'own' }), await smallImage({ mark: 'others' })];
    const name = `${open.host}/some/database`;
    await load(`${name}:15`, own);
    const before = String(await idOf(`${name}:15`));
    await push(open, 'some/database:15', others);
    await expectMark({ image: name, tag: '15' }, 'others');
    expect(await idOf(`${name}:15`)).to.equal(before);
    const jobId = await job({ image: name, tag: '15' });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(await scene.text(jobId, 'algorithm.log')).to.equal('others\n');
    expect(await idOf(`${name}:15`)).to.equal(before);
  });

  it('that is too large goes without the tag that the operator has under its name', async () => {
    const [own, others] = [await smallImage(), await smallImage({ padding: { bytes: 40_000_000, isZeros: true } })];
    const name = `${open.host}/some/swollen`;
    await load(`${name}:1`, own);
    const before = String(await idOf(`${name}:1`));
    await push(open, 'some/swollen:1', others);
    expect((await endOf({ image: name, tag: '1' })).reason).to.contain('it is larger than 0.02 GB');
    expect(await idOf(`${name}:1`)).to.equal(before);
    expect(await idOf(`${name}@${others.manifest.digest}`)).to.equal(undefined);
  });

  it('whose name is endless is refused in few words', async () => {
    // The command is refused as a whole, or the name alone.
    for (const [parts, codes] of [
      [400_000, [11, 22]],
      [150, [11]],
    ] as const) {
      const { code, reason } = await endOf({ image: `docker.io/${'a/'.repeat(parts)}b` });
      expect(code, reason).to.be.oneOf(codes);
      expect(reason.length).to.be.below(600);
    }
  });

  it('that was removed since it was pulled is known as such by the engine, and so is pulled again', async () => {
    const { code } = await createDockerEngine(engineSocket())
      .createContainer(
        {
          name: `capstan-nobody-${process.pid}`,
          image: `sha256:${'cd'.repeat(32)}`,
          labels: {},
          argv: ['x'],
          env: {},
          mounts: [],
        },
        AbortSignal.timeout(20_000),
      )
      .then(
        () => ({ code: 'created' }),
        (error: unknown) => error as { code: string },
      );
    expect(code).to.equal('IMAGE_GONE');
  });

  it('that is too large is given up while it is pulled, or after it has unpacked to more', async () => {
    await push(open, 'some/large:1', await smallImage({ padding: { bytes: 21_000_000 } }));
    await push(open, 'some/bomb:1', await smallImage({ padding: { bytes: 40_000_000, isZeros: true } }));
    for (const name of ['large', 'bomb']) {
      const { code, reason } = await endOf({ image: `${open.host}/some/${name}`, tag: '1' });
      expect(code, reason).to.equal(11);
      expect(reason).to.contain('it is larger than 0.02 GB, the most that this node takes');
      expect((await askEngine('GET', `/images/${open.host}/some/${name}:1/json`)).status).to.equal(404);
    }
  });

  it('that several jobs want is pulled once, and each of them hears how far it is', async () => {
    const image = await smallImage({ mark: 'shared', padding: { bytes: 2_000_000 } });
    await using slow = await startSlowRegistry(image, ports[1]);
    const container = { image: `${slow.host}/some/shared`, tag: '1' };
    const jobs = [await job(container), await job(container)];
    for (const jobId of jobs) {
      const half = await scene.progress(jobId, ({ phase, doneBytes }) => phase === 'pull' && doneBytes > 0);
      expect(half.totalBytes).to.equal(image.layer.bytes.length);
      expect(half.doneBytes).to.be.below(image.layer.bytes.length);
    }
    slow.release();
    for (const jobId of jobs) {
      expect((await scene.until(jobId, 'end')).code).to.equal(70);
      const last = await scene.progress(
        jobId,
        ({ phase, doneBytes, totalBytes }) => phase === 'pull' && doneBytes === totalBytes,
      );
      expect(last.doneBytes).to.equal(image.layer.bytes.length);
    }
    expect(slow.pulls()).to.equal(1);
  });

  it('that nobody waits for any more is not pulled on, and that one still waits for is', async () => {
    await using slow = await startSlowRegistry(await smallImage({ padding: { bytes: 2_000_000 } }), ports[2]);
    const container = { image: `${slow.host}/some/left`, tag: '1' };
    const jobs = [await job(container), await job(container)];
    const [first, second] = jobs;
    if (first === undefined || second === undefined) throw new TypeError('there are two');
    for (const jobId of jobs) await scene.progress(jobId, ({ doneBytes }) => doneBytes > 0);
    await scene.want(first, 'stopped');
    expect((await scene.until(first, 'end')).code).to.equal(7);
    expect(scene.runner().lastLines(200).join('\n')).not.to.contain(GIVEN_UP);
    await scene.want(second, 'stopped');
    expect((await scene.until(second, 'end')).code).to.equal(7);
    await scene.runner().untilLogged(GIVEN_UP);
  });

  it('whose pull hangs ends the job', async () => {
    await using slow = await startSlowRegistry(await smallImage({ padding: { bytes: 2_000_000 } }), ports[2]);
    const { code, reason } = await endOf({ image: `${slow.host}/some/hanging`, tag: '1' });
    expect(code).to.equal(11);
    expect(reason).to.contain('nothing came for 2 seconds');
  });
});
