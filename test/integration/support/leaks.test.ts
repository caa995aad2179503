import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { startProgram } from '../../../scripts/parts/program.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

const SUPPORT = join(ROOT, 'test', 'support');

/** What mocha says to a file of tests, with our hooks and our report. */
const said = async (code: string) => {
  await using folder = await temporaryFolder('test');
  const file = join(folder.path, 'some.test.mjs');
  await writeFile(file, code);
  const mocha = await startProgram({
    name: 'mocha',
    command: [
      process.execPath,
      join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js'),
      '--no-config',
      '--exit',
      `--require=${join(SUPPORT, 'root-hooks.ts')}`,
      `--reporter=${join(SUPPORT, 'reporter.ts')}`,
      file,
    ],
    environment: process.env,
  });
  const { code: exitCode } = await mocha.exited;
  return { exitCode, text: mocha.lastLines(100).join('\n'), lastLine: mocha.lastLines(1)[0] };
};

describe('a file of tests', () => {
  it('fails if it leaves a server and a timer behind', async () => {
    const { exitCode, text, lastLine } = await said(`
      import { createServer } from 'node:net';
      describe('careless', () => {
        it('listens', (done) => { createServer().listen(0, done); });
        it('ticks', () => { setInterval(() => {}, 1000); });
      });
      describe('careful', () => { it('is not to blame', () => {}); });`);
    expect(text).to.include('careless left behind: 1 TCPServerWrap, 1 Timeout').and.not.include('careful left behind');
    expect(lastLine).to.equal('3 passed, 1 failed, 0 skipped');
    expect(exitCode).to.equal(1);
  });

  it('fails if it leaves a process behind', async () => {
    const { text, lastLine } = await said(`
      import { spawn } from 'node:child_process';
      // It ends with the process that it was started by, whenever that is.
      describe('careless', () => { it('spawns', () => { spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] }); }); });`);
    expect(text).to.match(
      /careless left behind: 1 PipeWrap, 1 ProcessWrap|careless left behind: 1 ProcessWrap, 1 PipeWrap/,
    );
    expect(lastLine).to.equal('1 passed, 1 failed, 0 skipped');
  });

  it('passes if it tidies up, and its last line counts', async () => {
    const { exitCode, lastLine } = await said(`
      import { createServer } from 'node:http';
      import { once } from 'node:events';
      describe('careful', () => {
        it('serves and fetches', async () => {
          const server = createServer((request, response) => response.end('x')).listen(0);
          await once(server, 'listening');
          await (await fetch('http://127.0.0.1:' + server.address().port)).text();
          server.close();
        });
        it.skip('is not done yet', () => {});
      });`);
    expect(lastLine).to.equal('1 passed, 0 failed, 1 skipped');
    expect(exitCode).to.equal(0);
  });
});
