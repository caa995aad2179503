import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Socket } from 'node:net';
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { namesInEngine } from '../../support/runner/names-in-engine.ts';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { load, smallImage } from '../../support/runner/small-image.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { inspectContainer } from '../../support/runner/profile.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

/** Addresses of this machine, IPv4: on one of them stands everything that a job must not reach. */
const OWN = Object.values(networkInterfaces())
  .flat()
  .flatMap((one) => (one?.family === 'IPv4' ? [one.address] : []));

/** What jobs run: tries each way and says of each whether it got an answer. */
const TRY = `
const net = require('node:net'), dgram = require('node:dgram'), http = require('node:http'), dns = require('node:dns');
const limited = (work) => Promise.race([work.catch((e) => 'failed ' + (e.code ?? e.message)), new Promise((r) => setTimeout(() => r('silent'), 3000))]);
const tcp = (host, port) => limited(new Promise((resolve, reject) => {
  const s = net.connect({ host, port }, () => { s.destroy(); resolve('reached'); }); s.on('error', reject);
}));
const udp = (host, port) => limited(new Promise((resolve, reject) => {
  const s = dgram.createSocket('udp4'); s.on('error', reject); s.on('message', () => resolve('reached'));
  s.send('hello', port, host, (e) => e && reject(e));
}));
const name = (host) => limited(new Promise((resolve, reject) => dns.resolve4(host, (e) => e ? reject(e) : resolve('reached'))));
const viaProxy = (url) => limited(new Promise((resolve, reject) => {
  const r = http.get({ host: '127.0.0.1', port: 3128, path: url, headers: { host: new URL(url).host } }, (a) => {
    let text = ''; a.on('data', (d) => text += d); a.on('end', () => resolve(a.statusCode + ' ' + text.trim()));
  }); r.on('error', reject);
}));
const viaTunnel = (target) => limited(new Promise((resolve, reject) => {
  const r = http.request({ host: '127.0.0.1', port: 3128, method: 'CONNECT', path: target });
  r.on('connect', (a, s) => { s.destroy(); resolve(String(a.statusCode)); }); r.on('error', reject); r.end();
}));
const tell = (answers) => console.log(JSON.stringify(answers));
`;
const ALL = (calls: string) =>
  `${TRY}(async () => { const entries = await Promise.all(Object.entries(${calls}).map(async ([k, v]) => [k, await v])); tell(Object.fromEntries(entries)); process.exit(0); })();`;

describe('the network of a job', () => {
  let server: Server;
  let port: number;
  let udpPort: number;
  let scene: Scene;
  const releases = new AsyncDisposableStack();

  before(async () => {
    server = createServer((_request, response) => response.end('hello from outside')).listen(0, '0.0.0.0');
    await once(server, 'listening');
    releases.defer(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    port = (server.address() as AddressInfo).port;
    const echo = createSocket('udp4');
    echo.on('message', (message, from) => echo.send(message, from.port, from.address));
    echo.bind(0, '0.0.0.0');
    await once(echo, 'listening');
    udpPort = echo.address().port;
    releases.defer(() => new Promise<void>((resolve) => echo.close(() => resolve())));
    scene = releases.use(await startScene({ limits: { networkAccess: true }, further: { without: {} } }));
  });
  after(() => releases.disposeAsync());

  interface Asked {
    /** Where another runner is asked than the one that all share. */
    readonly of?: Scene;
    readonly at?: string;
    readonly networkAccess?: boolean;
  }
  const answersOf = async (calls: string, { of = scene, at, networkAccess }: Asked = {}) => {
    const jobId = await of.start(
      { rawcode: ALL(calls), ...(networkAccess === undefined ? {} : { networkAccess }) },
      at === undefined ? {} : { at },
    );
    const { code, details } = await of.until(jobId, 'end');
    const text = await of.text(jobId, 'algorithm.log');
    expect(code, `${details.termination?.reason} ${text}`).to.equal(70);
    return { jobId, answers: JSON.parse(text) as Readonly<Record<string, string>> };
  };
  const entries = (pairs: readonly (readonly [string, string])[]) =>
    `{ ${pairs.map(([key, call]) => `${JSON.stringify(key)}: ${call}`).join(', ')} }`;

  /** Every way out of a container that is none. */
  const directly = (natsPort: string) =>
    entries([
      ...OWN.map((host) => [`tcp ${host}`, `tcp('${host}', ${port})`] as const),
      ...OWN.map((host) => [`nats ${host}`, `tcp('${host}', ${natsPort})`] as const),
      ...OWN.filter((host) => host !== '127.0.0.1').map(
        (host) => [`udp ${host}`, `udp('${host}', ${udpPort})`] as const,
      ),
      ['udp away', "udp('192.0.2.1', 53)"],
      ['metadata', "tcp('169.254.169.254', 80)"],
      ['public', "tcp('192.0.2.1', 443)"],
      ['v6', "tcp('2001:db8::1', 443)"],
      ['dns', "name('example.com')"],
    ]);

  it('is none by default, not even to the machine, also where the environment would give one', async () => {
    const { answers } = await answersOf(directly(String(scene.natsPort)));
    expect(Object.values(answers).filter((answer) => answer === 'reached')).to.deep.equal([]);
    expect(Object.keys(answers).length).to.be.greaterThan(6);
  });

  it("shows nothing of the machine's own resolver, with a network or without", async () => {
    for (const networkAccess of [false, true]) {
      const jobId = await scene.start({
        rawcode: 'cat /etc/resolv.conf',
        container: { entrypoint: 'sh $ALGO' },
        networkAccess,
      });
      expect((await scene.until(jobId, 'end')).code).to.equal(70);
      const said = (await scene.text(jobId, 'algorithm.log')).split('\n').filter((line) => /^[^#]/.test(line));
      expect(said).to.deep.equal(['nameserver 127.0.0.1']);
      const whole = await scene.text(jobId, 'algorithm.log');
      for (const address of machineResolvers()) expect(whole).not.to.contain(address);
    }
  });

  it('comes from an image of this node, whatever image has its name', async () => {
    const proxyOf = async () => {
      const jobId = await scene.start({
        rawcode: "console.log('up'); setInterval(() => {}, 1000)",
        networkAccess: true,
      });
      await scene.until(jobId, 40);
      const { algorithm, network } = namesInEngine(scene.dataDir, jobId);
      const [proxy, own] = [await inspectContainer(network.proxy), await inspectContainer(algorithm)];
      await scene.want(jobId, 'stopped');
      await scene.until(jobId, 'end');
      return { image: proxy?.Image ?? '', mark: proxy?.Config.Labels['capstan.made-by'], own };
    };
    const first = await proxyOf();
    expect(first.mark).to.match(/^[0-9a-f]{64}$/);
    expect(first.own?.Config.Labels['capstan.made-by']).to.equal(undefined);
    // Where an engine keeps images in containerd's store, one that has lost its name is not found any more.
    const mine = JSON.parse((await askEngine('GET', `/images/${first.image}/json`)).body) as {
      readonly RepoTags: readonly string[];
      readonly Config: { readonly Labels: Readonly<Record<string, string>> };
    };
    const { RepoTags } = mine;
    const name = RepoTags.find((tag) => tag.startsWith('localhost/capstan/egress:')) ?? '';
    // Somebody gives the name to an image of theirs.
    const others = await smallImage();
    await load(name, others);
    await load('localhost/others/egress:1', others);
    expect((await askEngine('GET', `/images/${name}/json`)).body).not.to.contain(first.image);
    // And an earlier version of this node had another one.
    const former = await smallImage({ settings: { Labels: mine.Config.Labels } });
    await load('localhost/capstan/egress:former', former);
    await scene.runner().stop();
    await scene.restartRunner();
    // Before any job wants a network.
    await scene.runner().untilLogged('removed images that this node made before');
    expect((await askEngine('GET', '/images/localhost/capstan/egress:former/json')).status).to.equal(404);
    const second = await proxyOf();
    // Neither ours, nor called so.
    expect((await askEngine('GET', '/images/localhost/others/egress:1/json')).status).to.equal(200);
    expect(second.mark).to.equal(first.mark);
    const { body } = await askEngine('GET', `/images/${name}/json`);
    expect(body).to.contain(second.image);
  });

  it('is none where the environment gives none, whatever the job was told', async () => {
    const { answers } = await answersOf(entries([['proxy', `viaProxy('http://127.0.0.1:${port}/')`]]), {
      at: 'without',
      networkAccess: true,
    });
    expect(answers['proxy']).to.match(/ECONNREFUSED/);
  });

  describe('where environment and datasets allow one', () => {
    let gateway: string;
    let allowing: Scene;
    before(async () => {
      gateway = outsideAddress();
      allowing = await startScene({
        limits: { networkAccess: true },
        variables: { CAPSTAN_RUNNER_EGRESS_ALLOW: JSON.stringify([`${gateway}/32`]) },
      });
    });
    after(() => allowing[Symbol.asyncDispose]());

    it('reaches neither the machine nor private ranges nor other jobs, by whatever name', async () => {
      const other = await scene.start({
        rawcode: "console.log('up'); setInterval(() => {}, 1000)",
        networkAccess: true,
      });
      await scene.until(other, 40);
      const neighbour = await inspectContainer(namesInEngine(scene.dataDir, other).network.proxy);
      const [theirs] = Object.values(neighbour?.NetworkSettings.Networks ?? {}) as { readonly IPAddress: string }[];
      const hosts = [
        ...OWN,
        theirs?.IPAddress ?? '',
        'localhost',
        '169.254.169.254',
        '10.0.0.1',
        '192.168.0.1',
        '172.16.0.1',
        '100.64.0.1',
        '0.0.0.0',
        '2130706433',
        '0x7f000001',
        '017700000001',
        '[::1]',
        '[::ffff:127.0.0.1]',
        '[fe80::1]',
        '[fd00::1]',
      ];
      const { answers } = await answersOf(
        entries([
          ...hosts.map((host) => [`proxy ${host}`, `viaProxy('http://${host}:${port}/')`] as const),
          ...hosts.map((host) => [`tunnel ${host}`, `viaTunnel('${host}:${port}')`] as const),
        ]),
        { networkAccess: true },
      );
      for (const [way, answer] of Object.entries(answers)) expect(answer, way).to.match(/^(403|502|400)\b/);
      const direct = await answersOf(directly(String(scene.natsPort)), { networkAccess: true });
      expect(Object.values(direct.answers).filter((answer) => answer === 'reached')).to.deep.equal([]);
      await scene.want(other, 'stopped');
      await scene.until(other, 'end');
    });

    it('reaches what is allowed, by proxy and by tunnel, with fetch as with plain requests, and leaves nothing behind', async () => {
      await using engine = await watchEngine();
      const { jobId, answers } = await answersOf(
        entries([
          ['proxy', `viaProxy('http://${gateway}:${port}/')`],
          ['tunnel', `viaTunnel('${gateway}:${port}')`],
          ['fetch', `limited(fetch('http://${gateway}:${port}/').then((a) => a.text()))`],
          ['direct', `tcp('${gateway}', ${port})`],
          ['elsewhere', `viaTunnel('127.0.0.1:${port}')`],
        ]),
        { of: allowing, networkAccess: true },
      );
      expect(answers).to.deep.include({
        proxy: '200 hello from outside',
        tunnel: '200',
        fetch: 'hello from outside',
        elsewhere: '403',
      });
      expect(answers['direct']).to.match(/^failed/);
      await engine.untilGone(jobId);
    });

    it('speaks to the ports for the web only, unless the operator opens others', async () => {
      const calls = `{ mail: viaProxy('http://1.1.1.1:25/'), shell: viaTunnel('1.1.1.1:22') }`;
      const { answers } = await answersOf(calls, { networkAccess: true });
      expect(answers).to.deep.equal({ mail: '403 This job may speak to ports 80, 443 only.', shell: '403' });
    });

    it('goes on when the runner dies and comes back', async () => {
      await using engine = await watchEngine();
      const gate = createTcp().listen(0, '0.0.0.0');
      await once(gate, 'listening');
      await using tidying = new AsyncDisposableStack();
      tidying.defer(() => new Promise<void>((resolve) => gate.close(() => resolve())));
      const connected = once(gate, 'connection') as Promise<[Socket]>;
      // The job waits at the gate until the runner is back, then asks.
      const gatePort = (gate.address() as AddressInfo).port;
      const jobId = await allowing.start({
        rawcode: `${TRY}
          console.log('up');
          const r = http.request({ host: '127.0.0.1', port: 3128, method: 'CONNECT', path: '${gateway}:${gatePort}' });
          r.on('connect', (a, s) => s.on('data', async () => { console.log(await viaProxy('http://${gateway}:${port}/')); process.exit(0); }));
          r.end();`,
        networkAccess: true,
      });
      await allowing.until(jobId, 40);
      const [knocking] = await connected;
      await allowing.runner().kill();
      await allowing.restartRunner();
      knocking.on('error', () => undefined);
      knocking.write('go');
      expect((await allowing.until(jobId, 'end')).code).to.equal(70);
      expect(await allowing.text(jobId, 'algorithm.log')).to.equal('up\n200 hello from outside\n');
      await engine.untilGone(jobId);
      knocking.destroy();
    });
  });
});

/** An address of this machine that a container in a network of its own reaches. */
function outsideAddress(): string {
  const address = OWN.find((candidate) => !candidate.startsWith('127.'));
  if (address === undefined) throw new Error('this machine has no address but its loopback');
  return address;
}

const machineResolvers = () =>
  [...readFileSync('/etc/resolv.conf', 'utf8').matchAll(/^nameserver\s+(\S+)/gm)]
    .map(([, address = '']) => address)
    .filter((address) => !address.startsWith('127.'));
