import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@capstan/shared/config/load';
import { nodeKeyOf } from '@capstan/shared/config/process';
import { hasCode } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { run } from '../runtime/a-process.ts';

describe('the configuration of a process', () => {
  const script = `
    import { configOfProcess } from '@capstan/shared/config/process';
    process.stdout.write(String(configOfProcess().gateway.port));`;

  it('comes from its variables', async () => {
    expect(await run(script, { CAPSTAN_GATEWAY_PORT: '8099' })).to.deep.include({ code: 0, stdout: '8099' });
  });

  it('ends it with all problems in plain words, and no stack trace, where it is bad', async () => {
    const { code, stdout, stderr } = await run(script, { CAPSTAN_GATEWAY_PORT: 'x', CAPSTAN_NOPE: '1' });
    expect([code, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.contain('gateway.port').and.to.contain('CAPSTAN_NOPE');
    expect(stderr).not.to.contain('    at ');
  });
});

describe("a node's own key", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'capstan-process-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('is the configured one, and then none is written', async () => {
    const key = await nodeKeyOf(loadConfig({ CAPSTAN_NODE_KEY: '11'.repeat(32) }, dir));
    expect(key.secret().toString('hex')).to.equal('11'.repeat(32));
    expect(await stat(join(dir, 'var')).catch(() => 'none')).to.equal('none');
  });

  it('is kept in the data folder otherwise', async () => {
    const config = loadConfig({}, dir);
    const key = await nodeKeyOf(config);
    expect((await nodeKeyOf(config)).secret()).to.deep.equal(key.secret());
    expect((await stat(join(dir, 'var/node.key'))).mode & 0o777).to.equal(0o600);
  });

  it('is made for a new node whose folders are fresh disks, and not for one that has worked', async () => {
    const config = loadConfig({}, dir);
    await mkdir(join(dir, 'var/results/lost+found'), { recursive: true });
    await mkdir(join(dir, 'var/store/lost+found'), { recursive: true });
    await nodeKeyOf(config);
    await rm(join(dir, 'var/node.key'));
    await mkdir(join(dir, 'var/results', 'a'.repeat(32)));
    const failure = await nodeKeyOf(config).catch((error: unknown) => error);
    expect(hasCode(failure, 'INVALID_CONFIG')).to.equal(true);
    expect(String(failure)).to.contain('is gone');
  });
});
