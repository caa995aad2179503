import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { inspectContainer } from '../../support/runner/profile.ts';
import { namesInEngine } from '../../support/runner/names-in-engine.ts';
import type { FilterConfig } from '@capstan/shared/config/filter';
import type { JobId } from '@capstan/shared/contract/ids';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';
import { load, smallImage } from '../../support/runner/small-image.ts';
import { IMAGE } from '../../support/runner/spec.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
const WRITES = sh(
  'echo secret > /data/outputs/raw; echo fine > /data/outputs/kept; echo note > /data/logs/own; echo done',
);

const NOTES = 'mkdir -p /data/work && echo secret > /data/work/note && echo noted; ls /data';

const filter = (command: string, more: Partial<FilterConfig> = {}) => {
  const { image, tag = 'latest' } = IMAGE;
  return { filter: { image, tag, entrypoint: command, seesInputs: false, maxDurationS: 60, ...more } };
};

/** An environment for each, so that they share a runner. */
const FILTERS = {
  rewrites: filter(
    'rm /data/outputs/raw; echo checked >> /data/outputs/kept; echo 1 > /data/outputs/report; cat /data/logs/own; id -u',
  ),
  algorithm: filter(
    'cat $ALGO; echo; ls /data/transformations; for one in algorithm planted; do (echo >> /data/transformations/$one) 2>/dev/null || echo kept; done',
    { seesInputs: true },
  ),
  volumes: filter('echo 1 > /var/cache/own/a && sleep 1 && ls -a /data/side', {
    image: 'localhost/capstan/test-filter-volumes',
    tag: '1',
    seesInputs: true,
  }),
  fails: filter('echo found something; exit 3'),
  endless: filter('sleep 600', { maxDurationS: 1 }),
  absent: filter('true', { image: 'no valid name' }),
  locked: filter('test -e /data/ddos && exit 3; touch /x || touch /etc/x || sleep 600'),
  compares: filter('ls /data/ddos | wc -l; touch /data/inputs/x /data/left/x; touch /data/ddos/x || echo kept', {
    seesInputs: true,
  }),
  home: filter(
    'whoami; id -gn; echo $HOME ~; pwd; echo x > made; ls tools; cat /mark data/outputs/kept; rm data/outputs/raw; mkdir /data/own && echo 1 > ~/x && echo done',
    { image: 'localhost/capstan/test-filter-home', tag: '1' },
  ),
  notes: filter(`${NOTES}; true`),
  'notes-seeing': filter(`cat /data/left/own/x; (echo x > /data/left/own/x) 2>/dev/null || echo kept; ${NOTES}; true`, {
    seesInputs: true,
  }),
};

const names = async (scene: Scene, jobId: JobId) => (await scene.manifest(jobId)).files.map(({ filename }) => filename);
const filterLog = (scene: Scene, jobId: JobId) =>
  readFile(join(scene.dataDir, 'results', jobId, '1', 'private', 'filter.log'), 'utf8');

describe('the filter of an environment', () => {
  let scene: Scene;
  before(async () => {
    const volumes = { '/var/cache/own': {}, '/data/outputs': {}, '/data/side': {} };
    await load(
      'localhost/capstan/test-filter-volumes:1',
      await smallImage({ settings: { Volumes: volumes }, folders: ['var/cache/own'] }),
    );
    await load(
      'localhost/capstan/test-filter-home:1',
      await smallImage({ settings: { Env: ['PATH=/bin'] }, folders: ['tools'] }),
    );
    scene = await startScene({ further: FILTERS });
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    for (const name of ['volumes', 'home'])
      await askEngine('DELETE', `/images/localhost/capstan/test-filter-${name}:1?force=1`);
  });

  it('rewrites, deletes and adds outputs before anybody sees them; what it says is for the operator', async () => {
    const jobId = await scene.start(WRITES, { at: 'rewrites' });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(scene.codes(jobId)).to.deep.equal([10, 20, 30, 40, 50, 60, 70]);
    expect(await names(scene, jobId)).to.deep.equal(['kept', 'own', 'report', 'algorithm.log']);
    expect(await scene.text(jobId, 'kept')).to.equal('fine\nchecked\n');
    expect(await scene.text(jobId, 'algorithm.log')).to.equal('done\n');
    expect(await filterLog(scene, jobId)).to.match(/^note\n\d{5}\n$/);
  });

  it('sees the algorithm that ran, whatever that has left beside itself, and may change nothing of it', async () => {
    const jobId = await scene.start(
      sh('cd /data/transformations; echo other > planted; mv planted algorithm || rm -f algorithm || true; echo done'),
      { at: 'algorithm' },
    );
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect((await filterLog(scene, jobId)).split('\n')).to.deep.equal([
      'cd /data/transformations; echo other > planted; mv planted algorithm || rm -f algorithm || true; echo done',
      'algorithm',
      'planted',
      'kept',
      'kept',
      '',
    ]);
  });

  it("has no room of its own but what counts as the job's, whatever volumes its image wants, and leaves none", async () => {
    await using engine = await watchEngine();
    const jobId = await scene.start(
      sh('{ rmdir /data/side; mv /data/side /data/x; rm -rf /data/side; } 2>/dev/null; ln -s /bin /data/side; true'),
      { at: 'volumes' },
    );
    await scene.until(jobId, 30);
    const labels = JSON.stringify({ label: [`capstan.job=${jobId}`, 'capstan.phase=filter'] });
    const [found] = JSON.parse(
      (await askEngine('GET', `/containers/json?all=1&filters=${encodeURIComponent(labels)}`)).body,
    ) as readonly { readonly Id: string }[];
    const { body } = await askEngine('GET', `/containers/${found?.Id}/json`);
    const { Mounts } = JSON.parse(body) as { Mounts: readonly { Name: string; Destination: string }[] };
    for (const { Name, Destination } of Mounts)
      expect(Name, Destination).to.match(new RegExp(`^capstan-${jobId}-1-1-`));
    expect(Mounts.map(({ Destination }) => Destination)).to.include.members(['/var/cache/own', '/data/side']);
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    await engine.untilGone(jobId);
    const { body: volumes } = await askEngine('GET', '/volumes');
    expect(volumes).not.to.contain(jobId);
  });

  it('that fails withholds all but the log of the algorithm', async () => {
    const jobId = await scene.start(WRITES, { at: 'fails' });
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(51);
    expect(details.termination?.reason).to.equal(
      'The algorithm exited with code 0. The filter of this environment failed, so the outputs are withheld.',
    );
    expect(await names(scene, jobId)).to.deep.equal(['algorithm.log']);
    expect(await filterLog(scene, jobId)).to.equal('found something\n');
  });

  it('that takes too long has failed', async () => {
    const jobId = await scene.start(WRITES, { at: 'endless' });
    expect((await scene.until(jobId, 'end')).code).to.equal(51);
  });

  it('that can not be had keeps jobs from running at all', async () => {
    const jobId = await scene.start(WRITES, { at: 'absent' });
    const { code, details } = await scene.until(jobId, 'end');
    expect([code, details.termination?.reason]).to.deep.equal([
      51,
      'The filter of this environment is not available at the moment.',
    ]);
    expect(scene.codes(jobId)).not.to.include(40);
  });

  it('is as locked down as the algorithm, and finds the inputs only where it is told to look at them', async () => {
    const jobId = await scene.start(WRITES, { at: 'locked' });
    await using engine = await watchEngine();
    await engine.until('start', jobId);
    await scene.until(jobId, 50);
    const { body } = await askEngine('GET', `/containers/${namesInEngine(scene.dataDir, jobId).filter}/json`);
    const { HostConfig, Config, Mounts } = JSON.parse(body) as Inspected;
    const algorithm = await inspectContainer(namesInEngine(scene.dataDir, jobId).algorithm);
    expect(HostConfig).to.deep.include({ CapDrop: ['ALL'], ReadonlyRootfs: true, NetworkMode: 'none' });
    expect(Config.User)
      .to.match(/^\d{5}:\d{5}$/)
      .and.equal(algorithm?.Config.User);
    expect(Mounts.map(({ Destination }) => Destination).toSorted()).to.deep.equal([
      '/data',
      '/data/logs',
      '/data/outputs',
      '/etc',
    ]);
    await scene.want(jobId, 'deleted');
    expect((await scene.until(jobId, 'end')).code).to.equal(8);
    await engine.untilGone(jobId);
  });

  it('that may see the inputs can compare, and not change them', async () => {
    const jobId = await scene.start(WRITES, { at: 'compares' });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(await filterLog(scene, jobId))
      .to.include('inputs/x: Read-only file system')
      .and.include('left/x: Read-only file system')
      .and.include('kept')
      .and.match(/^\d+$/m);
  });

  it('has a name and a home, and finds what lies at the root by relative paths', async () => {
    const jobId = await scene.start(WRITES, { at: 'home' });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect((await filterLog(scene, jobId)).split('\n')).to.deep.equal([
      'job',
      'job',
      '/data/scratch /data/scratch',
      '/data/scratch',
      'mark',
      'fine',
      'done',
      '',
    ]);
    expect(await names(scene, jobId)).to.deep.equal(['kept', 'own', 'algorithm.log']);
  });

  it('has what it notes for itself apart from the outputs, whatever the algorithm has left', async () => {
    const plants = sh('ln -s /data/outputs /data/work; mkdir /data/own; echo planted > /data/own/x; echo done');
    for (const seesInputs of [false, true]) {
      const jobId = await scene.start(plants, { at: seesInputs ? 'notes-seeing' : 'notes' });
      expect((await scene.until(jobId, 'end')).code).to.equal(70);
      expect(await names(scene, jobId)).to.deep.equal(['algorithm.log']);
      expect((await filterLog(scene, jobId)).trim().split('\n')).to.deep.equal(
        seesInputs
          ? 'planted kept noted ddos inputs left logs outputs scratch transformations work'.split(' ')
          : 'noted logs outputs scratch work'.split(' '),
      );
    }
  });
});

describe('a runner that is killed while the filter runs', () => {
  const SLOW = 'echo pass >> /data/outputs/passes; sleep 2; echo pass >> /data/outputs/passes';
  let scene: Scene;
  before(async () => {
    scene = await startScene({ further: { slow: filter(SLOW), endless: filter('sleep 600') } });
  });
  after(() => scene[Symbol.asyncDispose]());

  const untilFilter = async (at: 'slow' | 'endless') => {
    const jobId = await scene.start(sh('true'), { at });
    await scene.until(jobId, 50);
    return jobId;
  };

  it('goes on with the same filter, which runs once', async () => {
    await using engine = await watchEngine();
    const jobId = await untilFilter('slow');
    await scene.runner().kill();
    await scene.restartRunner();
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(await scene.text(jobId, 'passes')).to.equal('pass\npass\n');
    await engine.untilGone(jobId);
    expect(engine.starts(jobId)).to.equal(2);
  });

  it('and finds it gone withholds the outputs, for they may be half rewritten', async () => {
    await using engine = await watchEngine();
    const jobId = await untilFilter('endless');
    await scene.runner().kill();
    await askEngine('DELETE', `/containers/${namesInEngine(scene.dataDir, jobId).filter}?force=1`);
    await scene.restartRunner();
    expect((await scene.until(jobId, 'end')).code).to.equal(51);
    expect(await names(scene, jobId)).to.deep.equal(['algorithm.log']);
    await engine.untilGone(jobId);
  });
});

interface Inspected {
  readonly Config: { readonly User: string };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly { readonly Destination: string }[];
}
