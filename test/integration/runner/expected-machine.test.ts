import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { startScene, type Scene } from '../../support/runner/scene.ts';

/** What published algorithms and their libraries take for granted. */
describe('what a job expects of a machine', () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene({ limits: { memoryGB: 0.4, diskGB: 0.02, maxJobs: 3 } });
  });
  after(() => scene[Symbol.asyncDispose]());

  const shell = async (rawcode: string) => {
    const jobId = await scene.start({ rawcode, container: { entrypoint: 'sh $ALGO' } });
    const { code, details } = await scene.until(jobId, 'end');
    return { jobId, code, reason: details.termination?.reason ?? '' };
  };
  const logOf = (jobId: JobId) => scene.text(jobId, 'algorithm.log');

  it('is there: names, a home, programs in /tmp, memory to share', async () => {
    const { jobId, code, reason } = await shell(`
      echo "$USER $HOME $PYTHONUNBUFFERED $INPUTS $OUTPUTS $LOGS $VOLUME $TRANSFORMATION_DID"
      cp /bin/busybox /tmp/busybox && /tmp/busybox echo ran
      mkdir -p ~/.cache/x && echo kept > ~/.cache/x/y && cat ~/.cache/x/y
      df -m /dev/shm | tail -1 | awk '{ print $2 }'
      cat /data/inputs/algoCustomData.json`);
    expect(code, reason).to.equal(70);
    expect((await logOf(jobId)).split('\n')).to.deep.equal([
      'job /scratch 1 /data/inputs /data/outputs /data/logs /data raw',
      'ran',
      'kept',
      '191',
      '{}',
    ]);
  });

  it('has a name for its user, and the names that the image has', async () => {
    const { jobId, code, reason } = await shell(`
      node -p "const { username, homedir, uid } = os.userInfo(); [username, homedir, uid === process.getuid()].join(' ')"
      grep -c . /etc/passwd; head -1 /etc/passwd; id -gn
      cat /etc/hostname > /dev/null && (echo more >> /etc/passwd) 2>/dev/null || echo as it is`);
    expect(code, reason).to.equal(70);
    expect((await logOf(jobId)).split('\n')).to.deep.equal([
      'job /scratch true',
      '3',
      'root:x:0:0:root:/root:/bin/sh',
      'job',
      'as it is',
      '',
    ]);
  });

  it('lets an algorithm write beside itself, and leaves it what it is', async () => {
    const { jobId, code, reason } = await shell(`
      echo module > /data/transformations/beside && cat /data/transformations/beside
      cd /data/transformations
      for act in 'rm -f algorithm' 'mv algorithm other' 'mv beside algorithm' 'chmod 777 .'; do $act 2>/dev/null && echo "$act"; done
      (echo more >> algorithm) 2>/dev/null && echo written
      rm beside && ls`);
    expect(code, reason).to.equal(70);
    expect((await logOf(jobId)).split('\n')).to.deep.equal(['module', 'algorithm', '']);
  });

  it('lets an algorithm have folders of its own beside its data, and leaves the node what it has put there', async () => {
    const jobId = await scene.start({
      rawcode: `
        const fs = require('fs');
        process.chdir('/data');
        fs.mkdirSync('own/deep', { recursive: true });
        fs.writeFileSync('own/deep/file', 'x');
        fs.renameSync('own', 'extracted');
        fs.rmSync('extracted', { recursive: true });
        fs.symlinkSync('/data/outputs', 'link');
        const places = ['inputs', 'ddos', 'transformations', 'outputs', 'logs'];
        const files = ['inputs/algoCustomData.json', 'transformations/algorithm'];
        const acts = {
          move: (path) => fs.renameSync(path, 'moved'),
          replace: (path) => fs.renameSync('link', path),
          remove: (path) => fs.rmdirSync(path),
          unlink: (path) => fs.unlinkSync(path),
          open: (path) => fs.chmodSync(path, 0o777),
          take: (path) => fs.chownSync(path, process.getuid(), process.getgid()),
          date: (path) => fs.utimesSync(path, 0, 0),
          write: (path) => fs.writeFileSync(path, 'x'),
          cut: (path) => fs.truncateSync(path, 0),
        };
        const done = [];
        for (const [name, act] of Object.entries(acts)) {
          for (const path of [...places, ...files, '.']) {
            try { act(path); done.push(name + ' ' + path); } catch {}
          }
        }
        console.log(done.join(), fs.readdirSync('.').sort().join(), fs.readdirSync('ddos').length > 0);`,
      container: { entrypoint: 'node $ALGO' },
    });
    const { code, details } = await scene.until(jobId, 'end');
    expect(code, details.termination?.reason).to.equal(70);
    const own = ['open', 'take', 'date'].flatMap((act) => ['outputs', 'logs'].map((place) => `${act} ${place}`));
    expect(await logOf(jobId)).to.equal(`${own.join()} ddos,inputs,link,logs,outputs,transformations true\n`);
  });

  it('counts what it writes beside its data, and empty files there', async () => {
    const filling = await shell('mkdir -p /data/a/b; cat /dev/zero > /data/a/b/fill');
    expect(filling.code, filling.reason).to.equal(42);
    expect(filling.reason).to.match(/^The job wrote \d+\.\d+ GB, and 0\.02 GB are the limit/);
    await using few = await startScene({ limits: { maxFiles: 500 } });
    const jobId = await few.start({
      rawcode: 'i=0; while :; do i=$((i + 1)); : > /data/$i; done',
      container: { entrypoint: 'sh $ALGO' },
    });
    expect((await few.until(jobId, 'end')).details.termination?.reason).to.contain('more than 500 files and folders');
  });

  it('counts what it writes beside itself', async () => {
    const { code, reason } = await shell('cat /dev/zero > /data/transformations/fill');
    expect(code, reason).to.equal(42);
  });

  it('counts what is written to the home', async () => {
    const { code, reason } = await shell('cat /dev/zero > ~/fill');
    expect(code, reason).to.equal(42);
  });

  it('hears of a stop in all of its processes', async () => {
    const jobId = await scene.start({
      rawcode: `sh -c 'trap "echo child heard > /data/outputs/child; exit 0" TERM; echo up > /data/outputs/up; while :; do sleep 0.1; done' & child=$!
        trap 'wait $child; echo parent; exit 0' TERM; wait $child; wait`,
      container: { entrypoint: 'sh $ALGO' },
    });
    await scene.until(jobId, 40);
    await scene.want(jobId, 'stopped');
    expect((await scene.until(jobId, 'end')).code).to.equal(7);
  });

  it('keeps each name of a file, and says what it leaves out', async () => {
    const { jobId, code, reason } = await shell(`
      echo content > /data/outputs/a; ln /data/outputs/a /data/outputs/b; ln /data/outputs/a /data/outputs/c
      ln -s /etc/passwd /data/outputs/link`);
    expect(code).to.equal(70);
    expect(reason).to.contain('publish.log says which and why');
    for (const name of ['a', 'b', 'c']) expect(await scene.text(jobId, name)).to.equal('content\n');
    expect(await scene.text(jobId, 'publish.log')).to.equal(
      'Left out of the results:\noutputs/link: not a plain file: symlink\n',
    );
    const manifest = await scene.manifest(jobId);
    expect(manifest.files.find(({ filename }) => filename === 'publish.log')?.type).to.equal('publishLog');
  });

  it('counts each name of a file, so that one file is not results without end', async () => {
    const { code, reason } = await shell(`
      dd if=/dev/zero of=/data/outputs/a bs=1M count=5 2>/dev/null
      for n in 1 2 3 4 5 6 7; do ln /data/outputs/a /data/outputs/b$n; done`);
    expect(code).to.equal(42);
    expect(reason).to.contain('The outputs are larger than');
  });
});
