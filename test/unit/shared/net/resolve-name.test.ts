import { createHook } from 'node:async_hooks';
import type { LookupAddress } from 'node:dns';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { request } from 'undici';
import { systemCode } from '@capstan/shared/contract/errors';
import { createGuardedAgent } from '@capstan/shared/net/ssrf-guard';
import { createNameResolver, type ResolveName } from '@capstan/shared/net/resolve-name';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';
import { startDnsServer, type DnsServer, type Said } from '../../../support/dns-server.ts';

const NAMES: Readonly<Record<string, Said>> = {
  'both.example': ['2606:2800:220:1::1', '93.184.216.34'],
  'six.example': ['2606:2800:220:1::1'],
  'many.example': Array.from({ length: 60 }, (_, index) => `93.184.216.${index}`),
};
const SILENT = /silent/;

describe('a name that a stranger chose', () => {
  const releases = new AsyncDisposableStack();
  let dns: DnsServer;
  let resolveName: ResolveName;
  before(async () => {
    const folder = releases.use(await temporaryFolder('hosts'));
    dns = releases.use(await startDnsServer((name) => (SILENT.test(name) ? 'nothing' : (NAMES[name] ?? []))));
    const hostsPath = join(folder.path, 'hosts');
    await writeFile(hostsPath, '# own\n10.1.2.3 Files.Corp.example files # a remark\nfd00::7 files.corp.example\n');
    resolveName = createNameResolver({ servers: [dns.address], hostsPath, timeoutMs: 250 });
  });
  after(() => releases.disposeAsync());

  const find = (name: string) =>
    new Promise<readonly LookupAddress[]>((resolve, reject) => {
      resolveName(name, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
    });
  const codeOf = (name: string) =>
    find(name).then(
      () => 'none',
      (error: unknown) => systemCode(error),
    );

  it('is asked of DNS, IPv4 first', async () => {
    expect(await find('both.example')).to.deep.equal([
      { address: '93.184.216.34', family: 4 },
      { address: '2606:2800:220:1::1', family: 6 },
    ]);
    expect(await find('six.example')).to.deep.equal([{ address: '2606:2800:220:1::1', family: 6 }]);
    expect(await find('many.example')).to.have.length(60);
  });

  it("is what the machine's own file says, where that says anything", async () => {
    const addresses = (await find('files.corp.EXAMPLE.')).map(({ address }) => address);
    expect(addresses).to.deep.equal(['10.1.2.3', 'fd00::7']);
    expect(dns.asked()).not.to.include('files.corp.example');
  });

  it('that nobody has is told from one that nobody answers', async () => {
    expect(await codeOf('nobody.example')).to.equal('ENOTFOUND');
    expect(await codeOf('nobody.invalid')).to.equal('ENOTFOUND');
    expect(dns.asked()).not.to.include('nobody.invalid');
    expect(await codeOf('silent.example')).to.equal('EAI_AGAIN');
  });

  it('keeps none of the others waiting while nobody answers it', async () => {
    let isSilent = true;
    const silent = Array.from({ length: 30 }, (_, index) => codeOf(`${index}.silent.example`));
    void Promise.all(silent).then(() => (isSilent = false));
    expect(await find('six.example')).to.have.length(1);
    expect(isSilent, 'it was answered first').to.equal(true);
    expect(new Set(await Promise.all(silent))).to.deep.equal(new Set(['EAI_AGAIN']));
  });

  it('takes none of the threads that the node looks its own names up in', async () => {
    const kinds = new Set<string>();
    const leaving = new AbortController();
    const hook = createHook({
      init: (_id, kind) => {
        kinds.add(kind);
        if (kind === 'QUERYWRAP' || kind === 'GETADDRINFOREQWRAP') leaving.abort();
      },
    }).enable();
    const agent = createGuardedAgent({ isAllowed: () => true, idleTimeoutMs: 1_000 });
    try {
      await request('http://a-name.example/', { dispatcher: agent, signal: leaving.signal }).catch(() => undefined);
    } finally {
      hook.disable();
      await agent.destroy();
    }
    expect([...kinds])
      .to.include('QUERYWRAP')
      .and.not.to.include('GETADDRINFOREQWRAP');
  });
});
