import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { namesInEngine } from '../../support/runner/names-in-engine.ts';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { deviations, inspectContainer, type Inspected } from '../../support/runner/profile.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';
import { load, smallImage } from '../../support/runner/small-image.ts';

const HOST = 'localhost/capstan-test';

/** What strangers write into their images must not change what a container of a job may do. */
describe('what an image says of its containers', () => {
  let scene: Scene;
  const made: string[] = [];
  before(async () => {
    scene = await startScene({
      limits: { maxJobs: 3, diskGB: 0.01 },
      variables: { CAPSTAN_RUNNER_IMAGES_LOCAL: `${HOST}/*` },
    });
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    for (const name of made) await askEngine('DELETE', `/images/${name}?force=1`);
  });

  const imageWith = async (
    name: string,
    settings: Readonly<Record<string, unknown>>,
    folders: readonly string[] = [],
  ) => {
    await load(`${HOST}/${name}:1`, await smallImage({ settings, folders }));
    made.push(`${HOST}/${name}:1`);
    return { image: `${HOST}/${name}`, tag: '1' };
  };
  const run = async (container: { image: string; tag: string }, rawcode: string, entrypoint = 'sh $ALGO') => {
    const jobId = await scene.start({ rawcode, container: { ...container, entrypoint } });
    const { code, details } = await scene.until(jobId, 'end');
    return { jobId, code, reason: details.termination?.reason ?? '' };
  };
  const logOf = (jobId: JobId) => scene.text(jobId, 'algorithm.log');
  const inspectRunning = async (container: { image: string; tag: string }) => {
    const jobId = await scene.start({
      rawcode: 'while :; do sleep 1; done',
      container: { ...container, entrypoint: 'sh $ALGO' },
    });
    await scene.until(jobId, 40);
    const [algorithm, files] = await Promise.all(
      [namesInEngine(scene.dataDir, jobId).algorithm, namesInEngine(scene.dataDir, jobId).files].map((name) =>
        inspectContainer(name),
      ),
    );
    await scene.want(jobId, 'stopped');
    await scene.until(jobId, 'end');
    if (!algorithm || !files) throw new Error('a container is missing');
    return { jobId, algorithm, files };
  };
  const destinations = ({ Mounts }: Inspected) => Mounts.map(({ Destination }) => Destination);

  it('changes nothing of the profile, whatever it is', async () => {
    const container = await imageWith('hostile', {
      User: '0:0',
      Healthcheck: { Test: ['CMD-SHELL', 'cat /dev/zero'], Interval: 1_000_000 },
      StopSignal: 'SIGCONT',
      Entrypoint: ['/bin/false'],
      Cmd: ['more'],
      Shell: ['/bin/evil'],
      OnBuild: ['RUN evil'],
      Env: ['PATH=/bin', 'NVIDIA_VISIBLE_DEVICES=all', 'AMD_VISIBLE_DEVICES=all', 'HABANA_VISIBLE_DEVICES=all'],
      ExposedPorts: { '22/tcp': {} },
      Volumes: { '/var/cache': {}, '/tmp': {}, '/data': {}, '/data/outputs/': {} },
      Labels: {
        'capstan.runner': 'another',
        'capstan.filtered': '1',
        'capstan.encrypt-to': '04abcd',
        'capstan.made-by': 'me',
        'traefik.enable': 'true',
        'com.docker.compose.project': 'theirs',
      },
    });
    const { jobId, algorithm, files } = await inspectRunning(container);
    expect([...(await deviations(algorithm)), ...(await deviations(files))]).to.deep.equal([]);
    expect(algorithm.Config.Entrypoint?.slice(0, 1)).to.deep.equal(['sh']);
    expect(algorithm.Config.Labels).to.include({
      'capstan.runner': scene.environment,
      'capstan.filtered': '',
      'capstan.encrypt-to': '',
      'capstan.made-by': '',
      'traefik.enable': '',
      'com.docker.compose.project': '',
    });
    expect(destinations(algorithm).toSorted()).to.deep.equal([
      '/data',
      '/data/inputs',
      '/data/logs',
      '/data/outputs',
      '/etc',
      '/scratch',
      '/tmp',
      '/var/cache',
    ]);
    // Its own word on encryption and filters is not taken when the run is found again, either.
    expect((await scene.manifest(jobId)).termination?.reason).to.contain('stopped on request');
  });

  it('is found again by a runner that comes back, under our labels', async () => {
    const container = await imageWith('adopted', { Labels: { 'capstan.filtered': '1', 'capstan.attempt': '7' } });
    const jobId = await scene.start({
      rawcode: 'while :; do sleep 1; done',
      container: { ...container, entrypoint: 'sh $ALGO' },
    });
    await scene.until(jobId, 40);
    await scene.runner().kill();
    await scene.restartRunner();
    await scene.want(jobId, 'stopped');
    expect((await scene.until(jobId, 'end')).code).to.equal(7);
    expect(scene.codes(jobId)).not.to.include(50);
  });

  it('makes no room outside of the disk limit, and leaves none behind', async () => {
    await using engine = await watchEngine();
    const container = await imageWith('volumes', { Volumes: { '/cache': {}, '/data/outputs/more': {} } }, ['cache']);
    const filling = await run(container, 'cat /dev/zero > /cache/fill');
    expect(filling.code, filling.reason).to.equal(42);
    await engine.untilGone(filling.jobId);
    const { body } = await askEngine('GET', '/volumes');
    expect(body).not.to.contain(filling.jobId);
    const volumes = JSON.parse(body) as { Volumes: readonly { Name: string; CreatedAt: string }[] | null };
    const anonymous = (volumes.Volumes ?? []).filter(({ Name }) => /^[0-9a-f]{64}$/.test(Name));
    expect(anonymous.filter(({ CreatedAt }) => Date.parse(CreatedAt) > Date.now() - 20_000)).to.deep.equal([]);
  });

  it('may want folders below /data, which then hold what a job finds there', async () => {
    const container = await imageWith('below', {
      Volumes: { '/data/inputs': {}, '/data/ddos': {}, '/data/own': {}, '/data/outputs/more': {} },
      WorkingDir: '/data/work/here',
    });
    // Nothing on stderr: it may come into the log before what was said earlier.
    const rawcode = `
      cat /data/inputs/algoCustomData.json; echo; echo "$PWD"; echo more > /data/outputs/more/file
      for place in /data/own /data/work/here /data/inputs /data/ddos; do { echo x > $place/x; } 2>/dev/null && echo "$place"; done
      rmdir /data/work/here /data/own 2>/dev/null || mv /data/work /data/other 2>/dev/null || echo kept`;
    const { jobId, code, reason } = await run(container, rawcode);
    expect(code, reason).to.equal(70);
    expect(await logOf(jobId)).to.equal('{}\n/data/work/here\n/data/own\n/data/work/here\nkept\n');
    expect(await scene.text(jobId, 'more/file')).to.equal('more\n');
  });

  it('may want one where the algorithm lies, which counts what that writes there', async () => {
    const container = await imageWith('transformations', { Volumes: { '/data/transformations': {} } });
    const filling = await run(container, 'cat /mark; cat /dev/zero > /data/transformations/fill');
    expect(filling.code, filling.reason).to.equal(42);
    expect(await logOf(filling.jobId)).to.equal('mark\n');
  });

  it('may want sixteen volumes, and no more', async () => {
    const volumes = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`/v${index}`, {}]));
    expect((await run(await imageWith('sixteen', { Volumes: volumes(16) }), 'cat /mark')).code).to.equal(70);
    const { code, reason } = await run(await imageWith('seventeen', { Volumes: volumes(17) }), 'cat /mark');
    expect(code).to.equal(11);
    expect(reason).to.contain('more than 16 volumes');
  });

  it('says what runs and where, if the order does not', async () => {
    const container = await imageWith('program', {
      Entrypoint: ['/bin/sh', '-c'],
      Cmd: ['cat /mark; echo "$PWD $HOME"; echo x > "$HOME/x" && echo written'],
      WorkingDir: '/',
    });
    const { jobId, code, reason } = await run(container, '', ' ');
    expect(code, reason).to.equal(70);
    expect(await logOf(jobId)).to.equal('mark\n/scratch /scratch\nwritten\n');
    const nothing = await run(await imageWith('nothing', {}), '', ' ');
    expect(nothing.code).to.equal(22);
    expect(nothing.reason).to.contain('which program to run');
  });
});
