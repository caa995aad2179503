import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { engineSocket } from '../../../scripts/parts/engine.ts';
import { natsVariables, startNats, type Nats } from '../../../scripts/parts/nats.ts';
import { withoutSettings } from '../../../scripts/parts/node.ts';
import { startRegistry, type Registry } from '../../../scripts/parts/registry.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { someAssets } from '../../support/gateway/parts.ts';

const PASSWORD = 'a-password-of-a-registry';

interface Told {
  readonly level: string;
  readonly about: string;
  readonly text: string;
  readonly remedy?: string;
}

describe('the doctor', () => {
  let folder: TemporaryFolder;
  let nats: Nats;
  let registry: Registry;
  let release: () => Promise<void>;

  before(async () => {
    await using releases = new AsyncDisposableStack();
    folder = releases.use(await temporaryFolder('doctor'));
    nats = await startNats({ dir: join(folder.path, 'nats') });
    releases.defer(async () => void (await nats.stop()));
    const login = { username: 'node', password: PASSWORD };
    registry = releases.use(await startRegistry({ dir: join(folder.path, 'registry'), login }));
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release());

  const run = async (args: readonly string[], variables: Readonly<Record<string, string>>) => {
    const settings = { CAPSTAN_GATEWAY_PORT: '0', CAPSTAN_RUNNER_DOCKER_SOCKET: engineSocket(), ...variables };
    const options = { cwd: folder.path, env: { ...withoutSettings(process.env), ...settings } };
    const command = [join(ROOT, 'scripts', 'doctor.ts'), ...args];
    try {
      const { stdout } = await promisify(execFile)(process.execPath, command, options);
      return { code: 0, stdout };
    } catch (error) {
      return error as { code: number; stdout: string };
    }
  };
  const examine = async (variables: Readonly<Record<string, string>>) => {
    const { code, stdout } = await run(['--json'], variables);
    expect(stdout).not.to.contain(PASSWORD).and.not.to.contain(nats.password);
    const told = JSON.parse(stdout) as readonly Told[];
    return { code, about: (name: string) => told.filter(({ about }) => about === name) };
  };
  const loginOf = (password: string) => JSON.stringify([{ host: registry.host, username: 'node', password }]);

  it('finds a machine well on which all is there', async () => {
    const variables = { ...natsVariables(nats), CAPSTAN_RUNNER_REGISTRIES: loginOf(PASSWORD) };
    const { code, about } = await examine(variables);
    for (const name of ['configuration', 'node', 'engine', 'registries', 'NATS', 'port']) {
      expect(
        about(name).map(({ level }) => level),
        JSON.stringify(about(name)),
      ).to.deep.equal(['ok']);
    }
    expect(about('NATS')[0]?.text).to.contain('JetStream');
    expect(code).to.equal(0);
    const { stdout } = await run([], variables);
    expect(stdout).to.match(/✓ engine +Docker Engine \d+/);
    expect(stdout).to.match(/(All is well|The node works here)/);
  });

  it('names the assets of the catalogue that nobody could order as they are', async () => {
    await using data = await temporaryFolder('doctor-catalogue');
    const { dataset } = someAssets();
    const did = (digit: string) => `did:op:${digit.repeat(64)}`;
    const put = async (digit: string, compute: object, more: object = {}) => {
      const services = dataset.services.map((service) => ({ ...service, compute }));
      const ddo = { ...dataset, id: did(digit), services, ...more };
      await writeFile(join(data.path, 'catalogue', `${digit.repeat(64)}.json`), JSON.stringify(ddo));
    };
    await mkdir(join(data.path, 'catalogue'));
    const whole = { did: did('a'), filesChecksum: 'ab', containerSectionChecksum: 'cd' };
    await put('1', { publisherTrustedAlgorithms: [whole, { did: '*' }] });
    const variables = { ...natsVariables(nats), CAPSTAN_DATA_DIR: data.path };
    expect((await examine(variables)).about('catalogue')).to.deep.equal([
      { level: 'ok', about: 'catalogue', text: '1 description, which can be read' },
    ]);

    await put('2', { publisherTrustedAlgorithms: [whole, { did: did('b'), filesChecksum: '' }] });
    await put('3', { publisherTrustedAlgorithms: [], publisherTrustedAlgorithmPublishers: [] });
    await put('4', {}, { metadata: {} });
    await put('5', { allowRawAlgorithm: 'yes' });
    const { code, about } = await examine(variables);
    expect(code).to.equal(0);
    const told = about('catalogue');
    expect(told.map(({ level }) => level)).to.deep.equal(['warn', 'warn', 'warn', 'warn']);
    const text = told.map((finding) => finding.text).join('\n');
    expect(text).to.contain(`publisherTrustedAlgorithms[1] (${did('b')}) has no filesChecksum and no containerSection`);
    for (const word of [did('2'), did('3'), 'name nobody', 'metadata.type', 'services[0].compute.allowRawAlgorithm'])
      expect(text).to.contain(word);
    const lenient = await examine({ ...variables, CAPSTAN_ASSETS_TRUST_WITHOUT_CHECKSUMS: 'true' });
    expect(lenient.about('catalogue')).to.have.length(3);
  });

  it('says when the broker takes less than jobs may need, and what to set', async () => {
    for (const [bytes, level] of [
      [4_096, 'bad'],
      [65_536, 'warn'],
    ] as const) {
      await using data = await temporaryFolder('doctor-nats');
      const small = await startNats({ dir: data.path, settings: [`max_payload: ${bytes}`] });
      const found = (await examine(natsVariables(small)))
        .about('NATS')
        .find(({ text }) => text.includes(String(bytes)));
      await small.stop();
      expect(found?.level).to.equal(level);
      expect(found?.remedy).to.contain('max_payload: 1MB');
    }
  });

  it('says what is missing, and what to do about each', async () => {
    await using other = await listener();
    const { code, about } = await examine({
      CAPSTAN_RUNNER_DOCKER_SOCKET: join(folder.path, 'no.sock'),
      CAPSTAN_NATS_SERVERS: 'nats://127.0.0.1:1',
      CAPSTAN_GATEWAY_PORT: String(other.port),
      CAPSTAN_DATA_DIR: '/proc/nowhere',
      CAPSTAN_RUNNER_REGISTRIES: loginOf(PASSWORD),
    });
    expect(code).to.equal(1);
    for (const name of ['engine', 'NATS', 'port', 'data folder']) {
      const [finding] = about(name);
      expect(finding?.level, name).to.equal('bad');
      expect(finding?.remedy, name).to.be.a('string').and.not.to.equal('');
    }
    expect(about('registries')[0]?.level).to.equal('warn');
  });

  it('tries logins, and looks who can read the keys', async () => {
    const dataDir = join(folder.path, 'data');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'node.key'), 'a key');
    await chmod(join(dataDir, 'node.key'), 0o644);
    const { code, about } = await examine({
      ...natsVariables({ ...nats, password: 'wrong' }),
      CAPSTAN_RUNNER_REGISTRIES: loginOf('wrong'),
      CAPSTAN_DATA_DIR: dataDir,
      CAPSTAN_RUNNER_MIN_FREE_DISK_GB: '1000000',
    });
    expect(code).to.equal(1);
    expect(about('registries')[0]?.text).to.contain('does not take the login of node: its registry wants a login');
    expect(about('NATS').at(-1)?.text).to.contain('does not take the login');
    expect(about('secrets')[0]?.remedy).to.equal(`chmod 600 ${join(dataDir, 'node.key')}`);
    expect(about('disk')[0]?.text).to.contain('no job begins');
    expect(about('data folder')[0]?.text).to.contain('durable');
  });

  it('tells of settings that make no sense, and looks at the rest all the same', async () => {
    const { code, about } = await examine({ CAPSTAN_GATEWAY_PORT: 'none' });
    expect(code).to.equal(1);
    expect(about('configuration')[0]?.text).to.contain('gateway.port');
    expect(about('engine')[0]?.level).to.equal('ok');
  });
});

async function listener(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
