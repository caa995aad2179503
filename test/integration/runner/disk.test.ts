import { execFile } from 'node:child_process';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { startPrivateEngine } from '../../support/runner/private-engine.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
const run = promisify(execFile);

describe('a run that fills the disk', () => {
  let shared: Scene;
  before(async () => {
    shared = await startScene({ further: { small: { diskGB: 0.02 }, few: { maxFiles: 500 } } });
  });
  after(() => shared[Symbol.asyncDispose]());

  it('is stopped while it writes, and what fits is published', async () => {
    await using scene = await startScene({
      limits: { diskGB: 0.02 },
      variables: { CAPSTAN_RUNNER_STOP_GRACE_S: '60' },
    });
    const jobId = await scene.start(
      sh(`
        trap '' TERM
        echo fits > /data/outputs/a
        mkdir -p /data/outputs/deep/er
        while :; do dd if=/dev/zero bs=100000 count=5 2>/dev/null >> /data/outputs/deep/er/big; sleep 0.01; done`),
    );
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(42);
    const { reason, exitCode } = details.termination ?? {};
    expect(reason).to.match(
      /^The job wrote 0\.\d+ GB, and 0\.02 GB are the limit of this environment\. It was stopped\.$/,
    );
    expect(exitCode).to.equal(137);
    expect(await scene.text(jobId, 'a')).to.equal('fits\n');
  });

  it('is stopped, too, where what it writes has no name any more', async () => {
    const jobId = await shared.start(
      sh(`
        exec 3> /data/outputs/hidden
        rm /data/outputs/hidden
        while :; do dd if=/dev/zero bs=100000 count=5 2>/dev/null >&3; sleep 0.01; done`),
      { at: 'small' },
    );
    const { code, details } = await shared.until(jobId, 'end');
    expect(code).to.equal(42);
    expect(details.termination?.reason).to.match(/^The job wrote 0\.\d+ GB, and 0\.02 GB are the limit/);
  });

  it('is stopped, too, where it makes files without end that hold nothing', async () => {
    const jobId = await shared.start(sh('i=0; while :; do i=$((i + 1)); : > /scratch/$i; done'), { at: 'few' });
    const { code, details } = await shared.until(jobId, 'end');
    expect(code).to.equal(42);
    expect(details.termination?.reason).to.equal(
      'The job made more than 500 files and folders, the limit of this environment. It was stopped.',
    );
  });

  it('is stopped, too, where those files have no name', async () => {
    const rawcode = `
        const fs = require('fs');
        for (let n = 0; n < 1_000; n += 1) { fs.openSync('/scratch/f', 'w'); fs.unlinkSync('/scratch/f'); }
        setTimeout(() => undefined, 600_000);`;
    const jobId = await shared.start({ rawcode }, { at: 'few' });
    const { code, details } = await shared.until(jobId, 'end');
    expect(code).to.equal(42);
    expect(details.termination?.reason).to.contain('more than 500 files and folders');
  });

  it('is stopped, too, where its processes have more files open than can be looked at', async () => {
    const jobId = await shared.start({
      rawcode: `
        const stdio = Array(7_500).fill(require('fs').openSync('/dev/null'));
        const sleepers = 'for i in $(seq 15); do sleep 600 & done; wait';
        require('child_process').spawn('sh', ['-c', sleepers], { stdio });`,
    });
    const { code, details } = await shared.until(jobId, 'end');
    expect(code).to.equal(42);
    expect(details.termination?.reason).to.equal(
      'The processes of the job kept more than 100000 files open in all, the limit of this node. It was stopped.',
    );
  });

  it('may have asked for that little itself', async () => {
    const jobId = await shared.start({
      ...sh('dd if=/dev/zero of=/data/outputs/big bs=1000000 count=30 2>/dev/null; sleep 600'),
      resources: { diskGB: 0.01 },
    });
    const { code, details } = await shared.until(jobId, 'end');
    expect(code).to.equal(42);
    expect(details.termination?.reason).to.match(
      /^The job wrote 0\.0\d+ GB, and 0\.01 GB are what the job asked for\. It was stopped\.$/,
    );
  });

  it('finds an end of the disk itself, where the engine can hold it to a size', async function () {
    await using releases = new AsyncDisposableStack();
    const folder = releases.use(await temporaryFolder('quota'));
    const mounted = await mountWithQuota(folder.path);
    if (!mounted) return this.skip(); // A kernel without quotas of XFS, or a user who may not mount, can't show it.
    releases.defer(async () => void (await run('umount', [mounted])));
    const engine = releases.use(await startPrivateEngine(join(mounted, 'engine')));
    await using scene = await startScene({
      limits: { diskGB: 0.02 },
      variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket },
    });
    await scene.announced(({ environments }) => environments[0]?.diskQuota === 'hard', 'a hard quota');
    const jobId = await scene.start(
      sh('dd if=/dev/zero of=/data/outputs/big bs=1000000 count=500 2>/dev/null; stat -c %s /data/outputs/big'),
    );
    expect((await scene.until(jobId, 'end')).code).to.equal(42);
    expect(Number(await scene.text(jobId, 'algorithm.log'))).to.be.within(19_000_000, 22_000_000);
  });
});

/** A disk of its own with quotas of projects. Undefined where this machine can't have one. */
async function mountWithQuota(dir: string): Promise<string | undefined> {
  const [image, target] = [join(dir, 'disk'), join(dir, 'mounted')];
  await mkdir(target);
  await writeFile(image, '');
  await truncate(image, 1_000_000_000);
  try {
    await run('mkfs.xfs', ['-q', image]);
    await run('mount', ['-o', 'loop,pquota', image, target]);
    return target;
  } catch {
    return undefined;
  }
}
