import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Health } from '@capstan/shared/contract/answers';
import { expect } from 'chai';
import { openStore } from '../../../services/gateway/src/store/store.ts';
import { aJobId, anEnvironment, aNewJob, aNonce } from '../../unit/gateway/a-job.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { COMPUTE } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('a backup', () => {
  let scene: GatewayScene;
  let backups: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    // As many jobs as can be made while the copy is taken.
    const variables = {
      CAPSTAN_GATEWAY_LIMITS_PER_CALLER_PER_SECOND: '0',
      CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0',
    };
    scene = await startGateway({ variables });
    backups = await temporaryFolder('backups');
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await backups[Symbol.asyncDispose]();
  });

  /** As a person types it. */
  const command = async (name: 'backup' | 'restore', ...words: readonly string[]) => {
    const child = spawn(process.execPath, [join(ROOT, 'scripts', `${name}.ts`), ...words], {
      cwd: ROOT,
      env: { ...process.env, CAPSTAN_DATA_DIR: scene.dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, said: (await said).join('') };
  };
  const backUp = async (...words: readonly string[]) => {
    const { code, said } = await command('backup', backups.path, ...words);
    expect(code, said).to.equal(0);
    return { said, dir: said.slice(0, said.indexOf(':')) };
  };

  it('is made while jobs come in, and brings back every job that was accepted before it', async () => {
    const caller = scene.caller();
    const early = [await caller.job(scene.order()), await caller.job(scene.order())];
    await scene.report(early[0]?.jobId ?? '', 40);
    const results = [...(await scene.writeResults(early[0]?.jobId ?? '', 1, { 'out.txt': 'kept' }))];
    await scene.report(early[0]?.jobId ?? '', 70, { details: { results } });
    const busy = new AbortController();
    const coming = (async () => {
      while (!busy.signal.aborted) await caller.job(scene.order());
    })();
    const { dir, said } = await backUp('--results');
    expect(said).to.contain('while the node runs');
    busy.abort();
    await coming;
    const late = await caller.job(scene.order());

    await scene.gateway().stop();
    expect(await readdir(dir)).to.include.members(['backup.json', 'catalogue', 'node.key', 'results', 'store.db']);
    await rm(join(scene.dataDir, 'store'), { recursive: true });
    await rm(join(scene.dataDir, 'results'), { recursive: true });
    const restored = (await command('restore', dir)).said;
    expect(restored).to.contain('is as it was at');
    expect(restored).to.contain(`Start the node with: CAPSTAN_DATA_DIR=${scene.dataDir} npm start`);
    await scene.restartGateway();

    expect(await caller.status(early[0]?.jobId ?? '')).to.include({ status: 70 });
    expect((await caller.result(early[0]?.jobId ?? '', 0)).text).to.equal('kept');
    expect(await caller.status(early[1]?.jobId ?? '')).to.include({ status: 1 });
    const query = { query: { jobId: late.jobId } };
    expect((await caller.call('GET', COMPUTE, query)).jobs()).to.deep.equal([]);
  });

  it('is taken of a node that does not run, too', async () => {
    await scene.gateway().stop();
    expect((await backUp()).said).to.match(/does not run, without results/);
    await scene.restartGateway();
  });

  it('is refused when it is not whole, or not what was saved', async () => {
    const { dir } = await backUp();
    await writeFile(join(dir, 'node.key'), 'another');
    const { code, said } = await command('restore', dir, '--replace');
    expect([code, said.trim()]).to.deep.equal([1, 'The backup is damaged: node.key is not what was saved.']);
    await rm(join(dir, 'store.db'));
    await rm(join(dir, 'node.key'));
    expect((await command('restore', dir)).said).to.match(/not whole: node.key is missing/);
    expect((await command('restore', backups.path)).said.trim()).to.match(
      /is no backup, .*: it has no backup\.json\.$/,
    );
    const nowhere = join(backups.path, 'nowhere');
    expect((await command('restore', nowhere)).said.trim()).to.equal(
      `There is no ${nowhere}. Name the folder that npm run backup has printed.`,
    );
  });

  it('does not take the place of a node without being told to, nor of one that runs', async () => {
    const { dir } = await backUp();
    expect((await command('restore', dir)).said).to.match(/There is a node in .* already. Give --replace/);
    expect((await command('restore', dir, '--replace')).said.trim()).to.match(
      /^The store is in use: .* there is one gateway a store\.$/,
    );
    await scene.gateway().stop();
    const { code, said } = await command('restore', dir, '--replace');
    expect(code, said).to.equal(0);
    expect(said).to.match(/What was there is in .*before-restore-/);
    await scene.restartGateway();
  });

  it('is what a node asks for that finds its store damaged', async () => {
    const { dir } = await backUp();
    await scene.gateway().stop();
    const stores = await readdir(join(scene.dataDir, 'store'));
    for (const name of stores) await writeFile(join(scene.dataDir, 'store', name), 'x'.repeat(100_000));
    const failed = await scene.restartGateway().then(
      () => 'it started',
      (error: unknown) => String(error),
    );
    expect(failed).to.match(/store is damaged \(.*npm run restore/);
    expect((await command('restore', dir, '--replace')).code).to.equal(0);
    await scene.restartGateway();
  });

  it('is what a node asks for that comes upon the damage while it runs, and ends', async () => {
    const { dir } = await backUp();
    await scene.gateway().stop();
    const path = join(scene.dataDir, 'store', 'capstan.db');
    const store = openStore(path);
    const spec = 'x'.repeat(100_000);
    await store.write(() => {
      for (let n = 0; n < 20; n += 1) {
        store.jobs.add(aNewJob({ jobId: aJobId(n), environment: anEnvironment('nowhere'), nonce: aNonce(n) }), spec);
      }
    });
    store.close();
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(100_000, 0xff), 0, 100_000, (await file.stat()).size - 800_000);
    await file.close();
    // It may come upon it before it hears of the runner.
    await Promise.allSettled([scene.restartGateway()]);
    const { code } = await scene.gateway().exited;
    expect(code).to.equal(1);
    expect(scene.gateway().lastLines().join('\n')).to.match(/store is damaged \(.*npm run restore/);
    expect((await command('restore', dir, '--replace')).code).to.equal(0);
    await scene.restartGateway();
    const health = (await scene.caller().call('GET', '/health')).json() as Health;
    expect(health.parts.store).to.deep.equal({ state: 'ok' });
    expect(health.upkeep.map(({ name }) => name)).to.include('integrity of the store');
  });

  it('says how it is used', async () => {
    for (const name of ['backup', 'restore'] as const) {
      expect((await command(name, '--help')).said).to.match(/^usage: npm run/);
      expect((await command(name)).code).to.equal(2);
    }
  });
});
