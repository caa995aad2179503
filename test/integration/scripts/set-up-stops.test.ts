import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

const BOOTSTRAP = join(import.meta.dirname, '../../../scripts/bootstrap.mjs');
const NODE_MODULES = pathToFileURL(join(import.meta.dirname, '../../../scripts/bootstrap/node-modules.mjs')).href;

/** As npm does whose registry does not answer: it hears of the signal, and goes on. Ends by itself, for a test that fails. */
const DEAF_NPM = `#!/bin/sh
trap '' TERM INT
kill -USR2 $PPID
exec sleep 60
`;

/** Installs node_modules by that npm, and wants no more of it as soon as it works. */
const INSTALL = `
import { nodeModules } from '${NODE_MODULES}';
const stopped = new AbortController();
process.once('SIGUSR2', () => stopped.abort());
await nodeModules.bring({ root: process.cwd(), signal: stopped.signal }).catch((error) => console.log(error.name));
`;

describe('a set-up that is stopped while npm waits for its registry', () => {
  it('ends, though npm goes on after a first signal', async function () {
    this.timeout(30_000);
    await using folder = await temporaryFolder('deaf-npm');
    await writeFile(join(folder.path, 'npm'), DEAF_NPM);
    await chmod(join(folder.path, 'npm'), 0o755);
    const setUp = spawn(process.execPath, ['--input-type=module', '-e', INSTALL], {
      cwd: folder.path,
      env: { ...process.env, PATH: `${folder.path}${delimiter}${process.env.PATH ?? ''}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    setUp.stdout.on('data', (chunk: Buffer) => (said += String(chunk)));
    await once(setUp, 'close');
    expect(said).to.include('AbortError');
  });
});

/** Goes on until somebody has seen what was said meanwhile. Ends by itself, for a test that fails. */
const SLOW_NPM = `#!/bin/sh
for i in $(seq 200); do [ -e seen ] && exit; sleep 0.1; done
`;

describe('a set-up that npm lets wait', () => {
  it('says what is waited for, and how to see whether it comes', async function () {
    this.timeout(60_000);
    await using folder = await temporaryFolder('slow-npm');
    await writeFile(join(folder.path, 'npm'), SLOW_NPM, { mode: 0o755 });
    await writeFile(join(folder.path, 'package-lock.json'), '{}');
    await mkdir(join(folder.path, 'node_modules'));
    const install = `import { nodeModules } from '${NODE_MODULES}'; await nodeModules.bring({ root: process.cwd(), quietMs: 1 });`;
    const setUp = spawn(process.execPath, ['--input-type=module', '-e', install], {
      cwd: folder.path,
      env: { ...process.env, PATH: `${folder.path}${delimiter}${process.env.PATH ?? ''}` },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    let said = '';
    for await (const chunk of setUp.stderr) {
      said += String(chunk);
      if (said.includes('npm ping')) await writeFile(join(folder.path, 'seen'), '');
    }
    expect(said).to.match(/installing node_modules[^]*still installing node_modules[^]*npm ping/);
  });
});

describe('a command that is asked for its usage', () => {
  it('tells it on a machine without an engine, and sets up nothing', async function () {
    this.timeout(60_000);
    const asked = spawn(process.execPath, [BOOTSTRAP, 'demo', '--paid', '--help'], {
      env: { ...process.env, DOCKER_HOST: 'unix:///nowhere/docker.sock' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [asked.stdout, asked.stderr]) stream.on('data', (chunk: Buffer) => (said += String(chunk)));
    const [code] = (await once(asked, 'close')) as [number];
    expect(said).to.include('usage: npm run demo').and.not.include('Docker Engine');
    expect(code).to.equal(0);
  });
});
