/** `npm start` as service managers and pipes treat it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { withoutSettings } from '../../scripts/parts/node.ts';
import { startProgram, type Program } from '../../scripts/parts/program.ts';
import { parseEntry, ROOT } from '../../scripts/parts/service.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { TEST_PREFIX } from '../support/node.ts';

const LIMIT_MS = 60_000;

const aFolder = async (port = 0) => {
  const folder = await temporaryFolder('test');
  const environment = `${TEST_PREFIX}npm-${process.pid}`;
  const settings = `dataDir: ${folder.path}/var\ngateway: { port: ${port} }\nrunner:\n  id: ${environment}\n  environments: [{ id: ${environment} }]\n`;
  await writeFile(join(folder.path, 'capstan.yaml'), settings);
  return folder;
};
const variables = (folder: string) => ({
  ...withoutSettings(process.env),
  CAPSTAN_CONFIG: join(folder, 'capstan.yaml'),
});
const npmStart = (folder: string) =>
  startProgram({
    name: 'npm start',
    command: ['npm', 'start'],
    environment: variables(folder),
    workingDir: ROOT,
  });
const untilStarted = (program: Program) =>
  program.until({
    match: (line) => (parseEntry(line)?.msg === 'started' ? true : undefined),
    what: '"started"',
    limitMs: LIMIT_MS,
  });

/** All processes of the machine that know this folder: of the node, each part has the settings' path in its environment. */
async function processesOf(folder: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const known = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return environment.includes(`CAPSTAN_CONFIG=${join(folder, 'capstan.yaml')}`) ? [pid] : [];
    }),
  );
  return known.flat();
}

/** Resolves when the last of them has ended. */
async function allEnded(folder: string): Promise<void> {
  for (let pids = await processesOf(folder); pids.length > 0; pids = await processesOf(folder)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('npm start', () => {
  it('ends whole when npm is asked to end, as service managers ask', async () => {
    await using folder = await aFolder();
    const npm = await npmStart(folder.path);
    await untilStarted(npm);
    await npm.stop();
    await allEnded(folder.path);
  });

  it('ends whole when npm is killed', async () => {
    await using folder = await aFolder();
    const npm = await npmStart(folder.path);
    await untilStarted(npm);
    await npm.kill();
    await allEnded(folder.path);
  });

  it('ends without a word when nobody reads it any more', async () => {
    await using folder = await aFolder();
    const script = join(ROOT, 'scripts', 'start.ts');
    const child = spawn(process.execPath, [script, '--json'], {
      env: variables(folder.path),
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).to.equal(0);
    expect(complaints).to.equal('');
    await allEnded(folder.path);
  });

  it('says in a sentence that its port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      await using folder = await aFolder(port);
      const npm = await npmStart(folder.path);
      expect((await npm.exited).code).to.equal(1);
      const text = npm.lastLines().join('\n');
      expect(text).to.include(`The node did not start. Port ${port} of 127.0.0.1 is in use`);
      expect(text).not.to.match(/The last of it|^\s+at /m);
    } finally {
      other.close();
    }
  });

  for (const script of ['start', 'demo', 'doctor', 'backup', 'restore', 'sign', 'decrypt']) {
    it(`shows how ${script} is used to whoever mistypes an option`, async () => {
      const program = await startProgram({
        name: script,
        command: [process.execPath, join(ROOT, 'scripts', `${script}.ts`), '--helpp'],
        environment: withoutSettings(process.env),
        workingDir: ROOT,
      });
      expect((await program.exited).code).to.equal(2);
      const text = program.lastLines(100).join('\n');
      expect(text).to.include('There is no option --helpp. Did you mean --help?').and.include('usage: npm');
    });
  }
});
