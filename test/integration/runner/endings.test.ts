import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { watchEngine, type EngineEvents } from '../../support/engine-events.ts';
import { newJobId, startScene, type Scene } from '../../support/runner/scene.ts';

describe('a run', () => {
  let scene: Scene;
  let engine: EngineEvents;

  before(async () => {
    scene = await startScene({
      limits: { memoryGB: 0.1, maxJobDurationS: 60, diskGB: 0.001 },
      variables: {
        CAPSTAN_RUNNER_MAX_OUTPUT_FILES: '5',
        CAPSTAN_RUNNER_MAX_LOG_MB: '0.1',
        CAPSTAN_RUNNER_STOP_GRACE_S: '1',
      },
    });
    engine = await watchEngine();
  });
  after(async () => {
    await engine[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  const endOf = async (parts: Parameters<Scene['start']>[0]) => {
    const jobId = await scene.start(parts);
    const { code, details } = await scene.until(jobId, 'end');
    return { jobId, code, details, reason: details.termination?.reason };
  };
  const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });

  it('that succeeds tells every step and leaves results whose checksums fit', async () => {
    const { jobId, code, details } = await endOf(
      sh(
        'echo out; echo err >&2; mkdir -p /data/outputs/b; echo 1 > /data/outputs/b/1; echo 2 > /data/outputs/b.txt; echo own > /data/logs/own.log',
      ),
    );
    expect(code).to.equal(70);
    expect(scene.codes(jobId)).to.deep.equal([10, 20, 30, 40, 60, 70]);
    expect(details.termination).to.deep.equal({
      exitCode: 0,
      signal: null,
      OOMKilled: false,
      reason: 'The algorithm exited with code 0.',
    });
    const manifest = await scene.manifest(jobId);
    expect(manifest.files.map(({ filename, type }) => [filename, type])).to.deep.equal([
      ['b.txt', 'output'],
      ['b/1', 'output'],
      ['own.log', 'output'],
      ['algorithm.log', 'algorithmLog'],
    ]);
    expect(details.results).to.deep.equal(
      manifest.files.map(({ filename, filesize, type, index }) => ({ filename, filesize, type, index })),
    );
    const dir = join(scene.dataDir, 'results', jobId, '1');
    for (const { index, filesize, sha256 } of manifest.files) {
      const bytes = await readFile(join(dir, 'files', String(index)));
      expect(bytes.length).to.equal(filesize);
      expect(createHash('sha256').update(bytes).digest('hex')).to.equal(sha256);
    }
    expect((await readdir(dir)).toSorted()).to.deep.equal(['files', 'manifest.json', 'private']);
    expect(await scene.text(jobId, 'algorithm.log'))
      .to.contain('out\n')
      .and.to.contain('err\n');
    await engine.untilGone(jobId);
  });

  it('whose algorithm fails keeps its exit code, log and outputs', async () => {
    const { jobId, code, details } = await endOf(sh('echo so far > /data/outputs/a; echo log; exit 3'));
    expect(code).to.equal(41);
    expect(details.termination).to.include({ exitCode: 3, signal: null, reason: 'The algorithm exited with code 3.' });
    expect(await scene.text(jobId, 'a')).to.equal('so far\n');
    expect(await scene.text(jobId, 'algorithm.log')).to.equal('log\n');
  });

  it('whose algorithm is ended by a signal names it', async () => {
    const { code, details } = await endOf(sh('kill -SEGV $$'));
    expect(code).to.equal(41);
    expect(details.termination).to.include({ exitCode: 139, signal: 'SIGSEGV', OOMKilled: false });
  });

  it('that needs more memory than it may use says so', async () => {
    const { code, details, reason } = await endOf({
      rawcode: 'const kept = []; for (;;) kept.push(Buffer.alloc(1e6, 1));',
    });
    expect(code).to.equal(41);
    expect(details.termination).to.include({ OOMKilled: true, exitCode: 137, signal: 'SIGKILL' });
    expect(reason).to.contain('more memory than 0.1 GB');
  });

  it('that writes too much ends so, with what fits', async () => {
    const { jobId, code, reason } = await endOf(
      sh('echo fits > /data/outputs/a; dd if=/dev/zero of=/data/outputs/b bs=1000 count=1100 2>/dev/null'),
    );
    expect(code).to.equal(42);
    // Found while it wrote, or when its outputs were collected.
    expect(reason).to.match(/0\.001 GB/);
    expect(await scene.text(jobId, 'a')).to.equal('fits\n');
  });

  it('that writes too many files ends so', async () => {
    const { code, reason } = await endOf(sh('for n in 1 2 3 4 5 6 7; do echo $n > /data/outputs/$n; done'));
    expect(code).to.equal(42);
    expect(reason).to.contain('more than 5 output files');
  });

  it('reads nothing but plain files, and lists what it left out', async () => {
    const { jobId, code } = await endOf(
      sh(
        'cd /data/outputs; echo real > real; ln -s /etc/passwd absolute; ln -s ../../../etc/passwd relative; ln real hard; mkfifo fifo; touch "new\nline"',
      ),
    );
    expect(code).to.equal(70);
    const { files, skipped } = await scene.manifest(jobId);
    const outputs = files.filter(({ type }) => type === 'output');
    expect(outputs.map(({ filesize }) => filesize)).to.deep.equal([5, 5]);
    expect(skipped).to.have.length(4);
    expect(JSON.stringify(files)).not.to.contain('passwd');
  });

  it('that logs without end keeps the beginning, and a mark', async () => {
    const { jobId } = await endOf(sh('yes "a line of a log" | head -c 300000; exit 0'));
    const log = await scene.text(jobId, 'algorithm.log');
    expect(log).to.match(/^a line of a log\n/);
    expect(log).to.contain('[the log is cut off here: at most 0.1 MB of it are kept]');
    expect(log.length).to.be.below(101_000);
  });

  it('whose image is missing or not the one that was named ends before anything is made', async () => {
    const missing = await endOf({ container: { image: 'localhost:1/no-such', tag: '1' } });
    expect(missing.code).to.equal(11);
    expect(missing.reason).to.contain(
      'The image localhost:1/no-such:1 may not run here: this node pulls no images from that registry',
    );
    const other = await endOf({ container: { checksum: `sha256:${'ab'.repeat(32)}` } });
    expect(other.code).to.equal(11);
    expect(scene.codes(other.jobId)).to.deep.equal([10, 11]);
    const odd = await endOf({ container: { image: '../../containers/json?all=1#' } });
    expect(odd.reason).to.contain('it is not a valid image name');
    expect((await scene.manifest(odd.jobId)).code).to.equal(11);
  });

  it('whose program does not exist says so', async () => {
    const { code, details, jobId } = await endOf({ container: { entrypoint: '/no/such/program' } });
    expect(code).to.equal(41);
    const log = await scene.text(jobId, 'algorithm.log').catch(() => '');
    expect(log + (details.termination?.reason ?? '')).to.contain('No such file or directory');
  });

  it('whose command makes no sense ends with what is wrong about it', async () => {
    const jobId = newJobId();
    await scene.sendRaw({ v: 1, jobId, run: 1, spec: { environment: 'x' } });
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(22);
    expect(details.termination?.reason).to.contain('The spec.owner field is required.');
  });

  it('has no network', async () => {
    const { jobId } = await endOf(
      sh('ls /sys/class/net; cat /proc/net/route | wc -l; nc -w 1 192.0.2.1 53 2>&1 || echo unreachable'),
    );
    expect(await scene.text(jobId, 'algorithm.log')).to.match(/^lo\n1\n[^]*unreachable\n$/);
  });
});

describe('a run with little time', () => {
  it('is stopped when it is over, and what it wrote is published first', async () => {
    await using engine = await watchEngine();
    await using scene = await startScene({
      limits: { maxJobDurationS: 2 },
      variables: { CAPSTAN_RUNNER_STOP_GRACE_S: '1' },
    });
    const jobId = await scene.start({
      rawcode: 'trap "" TERM; echo half > /data/outputs/a; sleep 60',
      container: { entrypoint: 'sh $ALGO' },
    });
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(43);
    expect(details.termination?.reason).to.equal(
      'The algorithm ran longer than 2 seconds, the limit of this environment.',
    );
    expect(await scene.text(jobId, 'a')).to.equal('half\n');
    await engine.untilGone(jobId);
  });
});
