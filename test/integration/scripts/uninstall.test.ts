import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadOrCreateNodeKey } from '@capstan/shared/crypto/node-key';
import { OWNER, ownerOf } from '../../../services/runner/src/egress/image.ts';
import { expect } from 'chai';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { askEngine, engineSocket, leftoversOf, removeLeftovers } from '../../../scripts/parts/engine.ts';
import { withoutSettings } from '../../../scripts/parts/node.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { TEST_PREFIX } from '../../support/node.ts';
import { createLike } from '../../support/runner/create-like.ts';
import { startScene } from '../../support/runner/scene.ts';
import { load, smallImage } from '../../support/runner/small-image.ts';

const MINE = '0123456789ab';
const THEIRS = 'ba9876543210';

describe('npm run uninstall', () => {
  /** Two nodes on one engine that have left something of a job each, and the data folder of the first. */
  const scene = async () => {
    await using releases = new AsyncDisposableStack();
    const folder = releases.use(await temporaryFolder('uninstall'));
    const dataDir = join(folder.path, 'var');
    const runnerId = (node: string) => `${TEST_PREFIX}${node}`;
    releases.defer(async () => removeLeftovers(await leftoversOf((id) => [MINE, THEIRS].map(runnerId).includes(id))));
    for (const node of [MINE, THEIRS]) {
      const jobId = randomBytes(16).toString('hex') as JobId;
      await createLike({
        node,
        runnerId: runnerId(node),
        environment: 'e' as EnvironmentId,
        jobId,
        run: 1,
        attempt: 1,
      });
    }
    await mkdir(join(dataDir, 'store'), { recursive: true });
    const key = await loadOrCreateNodeKey(join(dataDir, 'node.key'));
    const helper = `localhost/capstan/egress:${TEST_PREFIX}${randomBytes(4).toString('hex')}`;
    await load(helper, await smallImage({ settings: { Labels: { [OWNER]: ownerOf(key) } } }));
    releases.defer(async () => void (await askEngine('DELETE', `/images/${helper}`)));
    await writeFile(
      join(dataDir, 'runner.json'),
      JSON.stringify({ v: 1, id: 'r', former: [], node: MINE, unmarked: [] }),
    );
    const run = async (words: readonly string[] = [], at = dataDir) => {
      const settings = { CAPSTAN_DATA_DIR: at, CAPSTAN_RUNNER_DOCKER_SOCKET: engineSocket() };
      const options = { cwd: folder.path, env: { ...withoutSettings(process.env), ...settings } };
      try {
        const command = [join(ROOT, 'scripts', 'uninstall.ts'), ...words];
        return { code: 0, ...(await promisify(execFile)(process.execPath, command, options)) };
      } catch (error) {
        return error as { code: number; stdout: string; stderr: string };
      }
    };
    const left = async (node: string) => {
      const { containers, volumes } = await leftoversOf((id) => id === runnerId(node));
      return [containers.length, volumes.length];
    };
    const kept = releases.move();
    const hasHelper = async () => (await askEngine('GET', `/images/${helper}/json`)).status === 200;
    return { dataDir, run, left, hasHelper, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  };

  it('says what there is and what stays, and removes nothing until it is told to', async () => {
    await using s = await scene();
    const { code, stdout } = await s.run();
    expect(code).to.equal(0);
    for (const word of [/\b1 container\b/, /\b1 volume\b/, /node\.key/, /What stays/, /Nothing was removed/])
      expect(stdout).to.match(word);
    expect(await s.left(MINE)).to.deep.equal([1, 1]);
    expect(await readdir(s.dataDir)).to.have.length(3);
  });

  it('removes what is of this node, and of no other; the data folder stays', async () => {
    await using s = await scene();
    const { code, stderr } = await s.run(['--yes']);
    expect(code, stderr).to.equal(0);
    expect(await s.left(MINE)).to.deep.equal([0, 0]);
    expect(await s.hasHelper()).to.equal(false);
    expect(await s.left(THEIRS)).to.deep.equal([1, 1]);
    expect(await readdir(s.dataDir)).to.have.length(3);
  });

  it('removes the data folder where it is told to, but for what no node has made', async () => {
    await using s = await scene();
    await writeFile(join(s.dataDir, 'diary.txt'), 'of a person');
    const { code, stdout } = await s.run(['--yes', '--data']);
    expect(code).to.equal(0);
    expect(stdout).to.contain('diary.txt').and.not.to.contain('only with --data');
    expect(await readdir(s.dataDir)).to.deep.equal(['diary.txt']);
  });

  it('says that it removed something only where there was something', async () => {
    await using folder = await temporaryFolder('uninstall-nothing');
    await using s = await scene();
    const { code, stdout } = await s.run(['--yes', '--data'], join(folder.path, 'never'));
    expect(code).to.equal(0);
    expect(stdout).to.contain('There was nothing to remove.').and.not.to.contain('Removed');
  });

  for (const [who, name] of [
    ['node', 'gateway.sock'],
    ['runner', 'runner.sock'],
  ] as const) {
    it(`refuses while the ${who} is at work, unless it is forced`, async () => {
      await using s = await scene();
      const service = createServer().listen(join(s.dataDir, name));
      await once(service, 'listening');
      const { code, stderr } = await s.run(['--yes']);
      expect(code).to.equal(1);
      expect(stderr).to.contain('stop it first').and.to.contain('--force');
      expect(await s.left(MINE)).to.deep.equal([1, 1]);
      const forced = await s.run(['--yes', '--force']);
      service.close();
      await once(service, 'close');
      expect(forced.code).to.equal(0);
      expect(await s.left(MINE)).to.deep.equal([0, 0]);
    });
  }

  it('finds a runner at work by what that holds in its data folder', async () => {
    await using runner = await startScene();
    await using s = await scene();
    const { code, stderr } = await s.run(['--yes'], runner.dataDir);
    expect(code).to.equal(1);
    expect(stderr).to.contain('The runner of this data folder is at work');
    await runner.runner().kill();
    expect((await s.run([], runner.dataDir)).code).to.equal(0);
  });
});
