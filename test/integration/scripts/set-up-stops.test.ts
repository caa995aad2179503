import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
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
