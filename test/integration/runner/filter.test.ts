import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FilterConfig } from '@capstan/shared/config/filter';
import type { JobId } from '@capstan/shared/contract/ids';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';
import { IMAGE } from '../../support/runner/spec.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
const WRITES = sh(
  'echo secret > /data/outputs/raw; echo fine > /data/outputs/kept; echo note > /data/logs/own; echo done',
);

const scenes = (command: string, more: Partial<FilterConfig> = {}) => {
  const { image, tag = 'latest' } = IMAGE;
  const filter = { image, tag, entrypoint: command, seesInputs: false, maxDurationS: 60, ...more };
  return startScene({ limits: { filter } });
};

const names = async (scene: Scene, jobId: JobId) => (await scene.manifest(jobId)).files.map(({ filename }) => filename);
const filterLog = (scene: Scene, jobId: JobId) =>
  readFile(join(scene.dataDir, 'results', jobId, '1', 'private', 'filter.log'), 'utf8');

describe('the filter of an environment', () => {
  it('rewrites, deletes and adds outputs before anybody sees them; what it says is for the operator', async () => {
    await using scene = await scenes(
      'rm /data/outputs/raw; echo checked >> /data/outputs/kept; echo 1 > /data/outputs/report; cat /data/logs/own; id -u',
    );
    const jobId = await scene.start(WRITES);
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(scene.codes(jobId)).to.deep.equal([10, 20, 30, 40, 50, 60, 70]);
    expect(await names(scene, jobId)).to.deep.equal(['kept', 'report', 'algorithm.log', 'own']);
    expect(await scene.text(jobId, 'kept')).to.equal('fine\nchecked\n');
    expect(await scene.text(jobId, 'algorithm.log')).to.equal('done\n');
    expect(await filterLog(scene, jobId)).to.equal('note\n10001\n');
  });

  it('that fails withholds all but the log of the algorithm', async () => {
    await using scene = await scenes('echo found something; exit 3');
    const jobId = await scene.start(WRITES);
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(51);
    expect(details.termination?.reason).to.equal(
      'The algorithm exited with code 0. The filter of this environment failed, so the outputs are withheld.',
    );
    expect(await names(scene, jobId)).to.deep.equal(['algorithm.log']);
    expect(await filterLog(scene, jobId)).to.equal('found something\n');
  });

  it('that takes too long has failed', async () => {
    await using scene = await scenes('sleep 600', { maxDurationS: 1 });
    const jobId = await scene.start(WRITES);
    expect((await scene.until(jobId, 'end')).code).to.equal(51);
  });

  it('that can not be had keeps jobs from running at all', async () => {
    await using scene = await scenes('true', { image: 'no valid name' });
    const jobId = await scene.start(WRITES);
    const { code, details } = await scene.until(jobId, 'end');
    expect([code, details.termination?.reason]).to.deep.equal([
      51,
      'The filter of this environment is not available at the moment.',
    ]);
    expect(scene.codes(jobId)).not.to.include(40);
  });

  it('is as locked down as the algorithm, and finds the inputs only where it is told to look at them', async () => {
    await using scene = await scenes('test -e /data/ddos && exit 3; touch /x /etc/x || sleep 600');
    const jobId = await scene.start(WRITES);
    await using engine = await watchEngine();
    await engine.until('start', jobId);
    await scene.until(jobId, 50);
    const { body } = await askEngine('GET', `/containers/capstan-${jobId}-1-1-filter/json`);
    const { HostConfig, Config, Mounts } = JSON.parse(body) as Inspected;
    expect(HostConfig).to.deep.include({ CapDrop: ['ALL'], ReadonlyRootfs: true, NetworkMode: 'none' });
    expect(Config.User).to.equal('10001:10001');
    expect(Mounts.map(({ Destination }) => Destination).toSorted()).to.deep.equal(['/data/logs', '/data/outputs']);
    await scene.want(jobId, 'deleted');
    expect((await scene.until(jobId, 'end')).code).to.equal(8);
    await engine.untilGone(jobId);
  });

  it('that may see the inputs can compare, and not change them', async () => {
    await using scene = await scenes('ls /data/ddos | wc -l; touch /data/ddos/x || echo read-only', {
      seesInputs: true,
    });
    const jobId = await scene.start(WRITES);
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(await filterLog(scene, jobId))
      .to.include('Read-only file system')
      .and.match(/^\d+$/m);
  });
});

describe('a runner that is killed while the filter runs', () => {
  const SLOW = 'echo pass >> /data/outputs/passes; sleep 2; echo pass >> /data/outputs/passes';

  const untilFilter = async (scene: Scene, command = sh('true')) => {
    const jobId = await scene.start(command);
    await scene.until(jobId, 50);
    return jobId;
  };

  it('goes on with the same filter, which runs once', async () => {
    await using scene = await scenes(SLOW);
    await using engine = await watchEngine();
    const jobId = await untilFilter(scene);
    await scene.runner().kill();
    await scene.restartRunner();
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(await scene.text(jobId, 'passes')).to.equal('pass\npass\n');
    await engine.untilGone(jobId);
    expect(engine.starts(jobId)).to.equal(2);
  });

  it('and finds it gone withholds the outputs, for they may be half rewritten', async () => {
    await using scene = await scenes('sleep 600');
    await using engine = await watchEngine();
    const jobId = await untilFilter(scene);
    await scene.runner().kill();
    await askEngine('DELETE', `/containers/capstan-${jobId}-1-1-filter?force=1`);
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
