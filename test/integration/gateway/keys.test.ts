import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { ROOT } from '../../../scripts/parts/service.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('the key and the store of a gateway', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  /** As a person types it. */
  const keys = async (...words: readonly string[]) => {
    const child = spawn(process.execPath, [join(ROOT, 'scripts', 'keys.ts'), ...words], {
      cwd: ROOT,
      env: { ...process.env, CAPSTAN_DATA_DIR: scene.dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, said: (await said).join('') };
  };
  const outcome = () =>
    scene.restartGateway().then(
      () => 'it started',
      (error: unknown) => String(error),
    );

  it('are what the node works with: a job that waited is there under a new key, which orders are told', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const shown = await keys('show');
    const address = /address +(0x[0-9a-f]{40})/.exec(shown.said)?.[1];
    expect(address, shown.said).to.be.a('string');
    const { code, said } = await keys('rotate');
    expect(code, said).to.equal(0);
    await scene.gateway().stop();
    await scene.restartGateway();
    expect(await caller.status(jobId)).to.include({ status: 1 });
    const after = (await keys('show')).said;
    expect(after).to.contain(`before      ${address}`);
    expect(said).to.contain(/address +(0x[0-9a-f]{40})/.exec(after)?.[1]);
    const again = await caller.job(scene.order());
    expect(again.jobId).to.be.a('string');
  });

  it('are not made anew in silence when they are gone', async () => {
    await scene.gateway().stop();
    const [store, aside] = [join(scene.dataDir, 'store'), join(scene.dataDir, 'aside')];
    await rename(store, aside);
    expect(await outcome()).to.match(/store .* is gone/);
    await mkdir(store);
    expect(await outcome()).to.match(/store .* is gone/);
    await rm(store, { recursive: true });
    await rename(aside, store);
    const key = join(scene.dataDir, 'node.key');
    await rename(key, `${key}.aside`);
    expect(await outcome()).to.match(/key .* is gone/);
    await rename(`${key}.aside`, key);
    expect(await outcome()).to.equal('it started');
  });
});
