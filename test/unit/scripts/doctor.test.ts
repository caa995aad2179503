import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '@capstan/shared/config/load';
import { judgePools, poolsOf } from '../../../scripts/doctor/address-pools.ts';
import { checkDataFolder } from '../../../scripts/doctor/data-folder.ts';
import { judgeBackups } from '../../../scripts/doctor/backups.ts';
import { checkLimits } from '../../../scripts/doctor/engine.ts';
import { isGatewayContainer } from '../../../scripts/parts/gateway-container.ts';
import { judgeInodes } from '../../../scripts/doctor/inodes.ts';
import { findPruneTimers } from '../../../scripts/doctor/prune-timers.ts';
import { checkPublicUrl, judgeProxies, judgePublicUrl } from '../../../scripts/doctor/reached.ts';
import { checkSettingsFile } from '../../../scripts/doctor/settings-file.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

const NOTHING_AROUND = { isNatsGiven: false, configFile: undefined, variables: {} };
const level = (finding: { readonly level: string } | undefined) => finding?.level;

describe('what the doctor makes of', () => {
  it('address pools: the engine has only so many networks', () => {
    expect(poolsOf({})).to.equal(31);
    expect(poolsOf({ DefaultAddressPools: [{ Base: '10.10.0.0/16', Size: 24 }] })).to.equal(256);
    expect(level(judgePools({ used: 3, all: 31, needed: 2 }))).to.equal('ok');
    expect(level(judgePools({ used: 30, all: 31, needed: 2 }))).to.equal('warn');
    expect(level(judgePools({ used: 31, all: 31, needed: 2 }))).to.equal('bad');
    expect(level(judgePools({ used: 31, all: 31, needed: 0 }))).to.equal('ok');
  });

  it('inodes', () => {
    expect(level(judgeInodes('inodes', '/', { free: 900_000, all: 1_000_000 }))).to.equal('ok');
    expect(level(judgeInodes('inodes', '/', { free: 40_000, all: 1_000_000 }))).to.equal('warn');
    expect(level(judgeInodes('inodes', '/', { free: 200, all: 1_000_000 }))).to.equal('bad');
  });

  it('timers that clear away containers, but for those that spare ours', async () => {
    await using folder = await temporaryFolder('timers');
    const dir = join(folder.path, 'cron.d');
    await mkdir(dir);
    await writeFile(join(dir, 'tidy'), '0 3 * * * root /usr/bin/docker system prune -af --volumes\n');
    await writeFile(join(dir, 'off'), '# 0 3 * * * root docker system prune -af\n');
    await writeFile(join(dir, 'sparing'), '0 3 * * * root docker container prune -f --filter "label!=capstan.node"\n');
    await writeFile(join(dir, 'images'), '0 3 * * * root docker image prune -af\n');
    const found = await findPruneTimers([dir, join(folder.path, 'not-there')]);
    expect(found.map(({ text }) => text)).to.deep.equal([
      `${join(dir, 'tidy')} clears away containers or volumes, those of running jobs too`,
    ]);
    expect(level((await findPruneTimers([join(dir, 'off')]))[0])).to.equal('ok');
  });

  it('the public address', () => {
    const judge = (host: string, publicUrl?: string) =>
      level(judgePublicUrl(publicUrl === undefined ? { host } : { host, publicUrl }));
    expect(judge('127.0.0.1')).to.equal('ok');
    expect(judge('0.0.0.0')).to.equal('warn');
    expect(judge('0.0.0.0', 'http://127.0.0.1:8030')).to.equal('warn');
    expect(judge('127.0.0.1', 'http://node.example')).to.equal('warn');
    expect(judge('127.0.0.1', 'https://node.example/capstan')).to.equal('ok');
  });

  it('a public address whose name leads nowhere', async () => {
    const nowhere = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));
    const here = () => Promise.resolve({});
    const judge = (publicUrl: string | undefined, resolve: () => Promise<unknown>) =>
      checkPublicUrl({ host: '127.0.0.1', ...(publicUrl === undefined ? {} : { publicUrl }) }, resolve);
    const lost = await judge('https://nobody.example/x', nowhere);
    expect(level(lost)).to.equal('warn');
    expect(lost.text).to.contain('nobody.example').and.to.contain('ENOTFOUND');
    expect(level(await judge('https://node.example', here))).to.equal('ok');
    for (const numeric of ['https://192.0.2.1', 'https://[2001:db8::1]:8443'])
      expect(level(await judge(numeric, nowhere)), numeric).to.equal('ok');
    expect(level(await judge(undefined, nowhere))).to.equal('ok');
  });

  it('settings that no backup holds', () => {
    const judge = (file: string | undefined, variables: Record<string, string>) => judgeBackups(file, variables)[0];
    expect(level(judge('/etc/capstan.yaml', { CAPSTAN_CONFIG: '/etc/capstan.yaml', PATH: '/bin' }))).to.equal('ok');
    expect(level(judge(undefined, {}))).to.equal('ok');
    // As docs/service.md has it: whoever restores says where.
    expect(level(judge('/etc/capstan.yaml', { CAPSTAN_DATA_DIR: '/var/lib/capstan' }))).to.equal('ok');
    const told = judge(undefined, { CAPSTAN_NODE_KEY: 'secret', CAPSTAN_GATEWAY_PORT: '80' });
    expect(level(told)).to.equal('warn');
    expect(told?.text).to.contain('CAPSTAN_GATEWAY_PORT, CAPSTAN_NODE_KEY').and.not.to.contain('secret');
  });

  it("the keys of a node that runs as another user, looked at by root, and what is not that user's", async () => {
    await using folder = await temporaryFolder('owner');
    const config = loadConfig({ CAPSTAN_DATA_DIR: folder.path }, folder.path);
    await writeFile(join(folder.path, 'node.key'), '', { mode: 0o600 });
    await chown(folder.path, 20_123, 20_123);
    const found = async () => {
      const findings = await checkDataFolder({ ...NOTHING_AROUND, config });
      return findings.filter(({ text }) => text.includes('belongs to'));
    };
    const [first] = await found();
    expect(level(first)).to.equal('bad');
    expect(first?.text).to.contain(`${folder.path}/node.key belongs to another user than`);
    expect(first?.remedy).to.contain('chown -R');
    await chown(join(folder.path, 'node.key'), 20_123, 20_123);
    expect(await found()).to.deep.equal([]);
    // As in containers, where the runner's user and the gateway's share a folder by their group.
    const results = join(folder.path, 'results');
    await mkdir(results);
    await chown(results, 0, 20_123);
    await chmod(results, 0o770);
    expect(await found()).to.deep.equal([]);
    await chmod(results, 0o700);
    expect((await found()).map(({ text }) => text)).to.deep.equal([
      `${results} belongs to another user than ${folder.path}, so the node can not read it`,
    ]);
  });

  it('proxies in variables, which the node does not use', () => {
    expect(judgeProxies({ HTTPS_PROXY: '' })).to.deep.equal([]);
    const [finding] = judgeProxies({ https_proxy: 'http://user:secret@proxy.example' });
    expect(level(finding)).to.equal('warn');
    expect(finding?.text).not.to.contain('secret');
  });

  it('a file of settings that holds secrets', async () => {
    await using folder = await temporaryFolder('settings');
    const path = join(folder.path, 'capstan.yaml');
    const look = async (text: string, mode: number) => {
      await writeFile(path, text);
      await chmod(path, mode);
      return level((await checkSettingsFile(path, () => Promise.resolve(text)))[0]);
    };
    expect(await look('gateway: { port: 0 }\n', 0o644)).to.equal('ok');
    expect(await look('nats:\n  password: hunter2\n', 0o644)).to.equal('warn');
    expect(await look('nats:\n  password: hunter2\n', 0o600)).to.equal('ok');
  });

  it('an engine that does not count all memory of a job as its own', () => {
    const all = { MemoryLimit: true, SwapLimit: true, PidsLimit: true, CpuCfsQuota: true };
    const levels = (CgroupVersion?: string) =>
      checkLimits({ ...all, ...(CgroupVersion ? { CgroupVersion } : {}) }).map(level);
    expect(levels('2')).to.deep.equal(['ok']);
    for (const version of ['1', undefined]) expect(levels(version)).to.deep.equal(['warn']);
  });

  it("the gateway's container, which must not have an engine", () => {
    const config = (user: string) => loadConfig({ CAPSTAN_NATS_USER: user, CAPSTAN_NATS_PASSWORD: 'x' }, '/nowhere');
    const inContainer = (path: string) => path === '/.dockerenv';
    expect(isGatewayContainer(config('gateway'), inContainer)).to.equal(true);
    expect(isGatewayContainer(config('runner'), inContainer)).to.equal(false);
    expect(isGatewayContainer(config('gateway'), () => false)).to.equal(false);
    expect(isGatewayContainer(config('gateway'), () => true)).to.equal(false);
  });
});
