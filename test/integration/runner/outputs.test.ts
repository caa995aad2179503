import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { watchEngine, type EngineEvents } from '../../support/engine-events.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

describe('outputs of an algorithm that means harm', () => {
  let scene: Scene;
  let engine: EngineEvents;
  before(async () => {
    scene = await startScene({ limits: { diskGB: 0.01 } });
    engine = await watchEngine();
  });
  after(async () => {
    await engine[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  /** Runs in `/data/outputs`. */
  const resultOf = async (code: string) => {
    const rawcode = `const fs = require('node:fs'); process.chdir('/data/outputs');\n${code}`;
    const jobId = await scene.start({ rawcode });
    const ending = await scene.until(jobId, 'end');
    const { files, skipped } = await scene.manifest(jobId);
    return {
      jobId,
      code: ending.code,
      reason: ending.details.termination?.reason,
      outputs: files.filter(({ type }) => type === 'output').map(({ filename, filesize }) => `${filename} ${filesize}`),
      skipped: skipped.map(({ name, reason }) => `${name}: ${reason}`),
    };
  };

  it('are there before the job counts as ended', async () => {
    const { jobId } = await resultOf("fs.writeFileSync('big', Buffer.alloc(5_000_000));");
    const { endedAt, files } = await scene.manifest(jobId);
    const written = await Promise.all(
      files.map(({ index }) => stat(join(scene.dataDir, 'results', jobId, '1', 'files', String(index)))),
    );
    // The end is in whole milliseconds.
    expect(endedAt + 1).to.be.at.least(Math.max(...written.map(({ mtimeMs }) => mtimeMs)));
  });

  it('are plain files; all else is skipped and listed, and nothing is read that lies elsewhere', async () => {
    const { jobId, code, outputs, skipped } = await resultOf(`
      fs.writeFileSync('a-real', 'real');
      fs.symlinkSync('/etc/passwd', 'absolute');
      fs.symlinkSync('../../../../etc', 'relative');
      fs.symlinkSync('/data/inputs', 'inputs');
      fs.linkSync('a-real', 'hard');
      require('node:child_process').execSync('mkfifo fifo; mknod device b 8 0 || true');
      fs.writeFileSync('setuid', 's'); fs.chmodSync('setuid', 0o4755);
      fs.writeFileSync('unreadable', 'u'); fs.chmodSync('unreadable', 0);
      const server = require('node:net').createServer().listen('/data/outputs/socket', () => process.exit(0));
    `);
    expect(code).to.equal(70);
    expect(outputs).to.deep.equal(['a-real 4', 'hard 4', 'setuid 1', 'unreadable 1']);
    // Engines leave sockets out of archives by themselves.
    expect(skipped).to.have.members([
      'outputs/absolute: not a plain file: symlink',
      'outputs/fifo: not a plain file: fifo',
      'outputs/inputs: not a plain file: symlink',
      'outputs/relative: not a plain file: symlink',
    ]);
    expect(await scene.text(jobId, 'a-real')).to.equal('real');
  });

  it('have names that do no harm where they are shown, saved or sent', async () => {
    const { code, outputs, skipped } = await resultOf(`
      const write = (name) => fs.writeFileSync(name, 'x');
      ['new\\nline', 'esc\\u001b[2J', 'bidi\\u202egnp.exe', '..\\\\..\\\\win', 'n'.repeat(255), '"; filename=x', '<b>', 'A', 'a', 'ä', 'a\\u0308'].forEach(write);
      write(Buffer.from([0x62, 0xff])); write(Buffer.from([0x62, 0xfe]));
    `);
    expect(code).to.equal(70);
    expect(new Set(outputs)).to.deep.equal(
      new Set(['"; filename=x 1', '<b> 1', 'A 1', 'a 1', 'ä 1', 'a\u0308 1', `${'n'.repeat(255)} 1`]),
    );
    expect(skipped).to.have.members([
      'outputs/..\\..\\win: backslash in the name',
      'outputs/b\ufffd: name that is not UTF-8',
      'outputs/b\ufffd: name that is not UTF-8',
      'outputs/bidi\ufffdgnp.exe: control characters in the name',
      'outputs/esc\ufffd[2J: control characters in the name',
      'outputs/new\ufffdline: control characters in the name',
    ]);
  });

  it('are not read deeper than anyone needs, also not deeper than a path can be', async () => {
    const { code, outputs, skipped } = await resultOf(`
      fs.mkdirSync('d/'.repeat(100), { recursive: true }); fs.writeFileSync('d/'.repeat(100) + 'deep', 'x');
      fs.mkdirSync('e/'.repeat(20), { recursive: true }); fs.writeFileSync('e/'.repeat(20) + 'f', 'x');
      fs.mkdirSync('w'); process.chdir('w');
      for (let n = 0; n < 40; n += 1) { fs.mkdirSync('w'.repeat(200)); process.chdir('w'.repeat(200)); }
      fs.writeFileSync('lost', 'x');
    `);
    expect(code).to.equal(70);
    expect(outputs).to.deep.equal([`${'e/'.repeat(20)}f 1`]);
    expect(skipped).to.include(`outputs/${'d/'.repeat(100)}deep: more than 32 folders deep`);
  });

  it('that claim a terabyte end the job with the numbers, at once, and nothing of them is written', async () => {
    const { jobId, code, reason, outputs } = await resultOf(`
      fs.writeFileSync('a', 'fits');
      fs.writeFileSync('hole', ''); fs.truncateSync('hole', 2 ** 40);
    `);
    expect(code).to.equal(42);
    expect(reason).to.contain('larger than 0.01 GB');
    expect(outputs).to.deep.equal(['a 4']);
    await engine.untilGone(jobId);
  });

  it('that claim it in a file which is skipped anyway do so, too', async () => {
    const { code, reason } = await resultOf(
      String.raw`fs.writeFileSync('new\nline', ''); fs.truncateSync('new\nline', 2 ** 40);`,
    );
    expect(code).to.equal(42);
    expect(reason).to.contain('larger than 0.01 GB');
  });

  it('by the thousands end the job with the numbers, and are cleaned up', async () => {
    const files = await resultOf(`for (let n = 0; n < 3_000; n += 1) fs.writeFileSync(String(n), '');`);
    expect(files.code).to.equal(42);
    expect(files.reason).to.equal('There are more than 1000 output files, the limit of this node.');
    const links = await resultOf(`for (let n = 0; n < 10_100; n += 1) fs.symlinkSync('/', String(n));`);
    expect(links.code).to.equal(42);
    expect(links.reason).to.contain('more than 10000 folders, links and other special files');
    await Promise.all([files, links].map(({ jobId }) => engine.untilGone(jobId)));
  });
});
