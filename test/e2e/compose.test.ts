import { randomBytes } from 'node:crypto';
import { chmod, chown, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { retry } from '@capstan/shared/runtime/retry';
import { createConsumer, freeOrder } from '../../scripts/parts/consumer.ts';
import { askEngine, engineSocket } from '../../scripts/parts/engine.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import { ROOT } from '../../scripts/parts/service.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { buildBaseImages, natsConfigFor } from '../support/compose/base-images.ts';
import { composeProject, type ComposeProject } from '../support/compose/compose.ts';
import { TEST_PREFIX } from '../support/node.ts';
import { DEMO_IMAGE_ALLOWED } from '../../scripts/demo/assets.ts';

const LIMIT_MS = 120_000;

interface Inspected {
  readonly Config: { readonly User: string; readonly Image: string };
  readonly HostConfig: {
    readonly Memory: number;
    readonly PidsLimit: number | null;
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly CapAdd: readonly string[] | null;
    readonly Privileged: boolean;
    readonly NetworkMode: string;
    readonly SecurityOpt: readonly string[];
    readonly RestartPolicy: { readonly Name: string };
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostIp: string }[]>>;
  };
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> };
}

/** What the catalogue command says of an asset that it added. */
interface Offered {
  readonly did: string;
  readonly serviceId: string;
}

const ordered = ({ did, serviceId }: Offered) => ({ documentId: did, serviceId, transferTxId: freeOrder() });

describe('docker-compose.yml', function () {
  this.timeout(5 * 60_000);
  const project = `capstantest${process.pid}${randomBytes(2).toString('hex')}`;
  const releases = new AsyncDisposableStack();
  let compose: ComposeProject;
  let url: string;

  before(async () => {
    const folder = releases.use(await temporaryFolder('compose'));
    // The broker's container reads its settings from here, and is not root.
    await chmod(folder.path, 0o755);
    const base = await buildBaseImages(project, folder.path);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    compose = composeProject({
      project,
      variables: {
        CAPSTAN_BASE: base.node,
        CAPSTAN_IMAGE: `${project}-capstan`,
        NATS_IMAGE: base.nats,
        NATS_CONFIG: await natsConfigFor(folder.path),
        CAPSTAN_PORT: String(port),
        CAPSTAN_PUBLIC_URL: url,
        ...DEMO_IMAGE_ALLOWED,
        CAPSTAN_RUNNER_ID: `${TEST_PREFIX}compose`,
        DOCKER_SOCKET: engineSocket(),
      },
    });
    releases.defer(async () => {
      await compose.attempt('down', '--volumes', '--timeout', '20');
      for (const image of [`${project}-capstan`, base.node, base.nats]) await askEngine('DELETE', `/images/${image}`);
    });
    await compose.run('up', '--build', '--detach');
    const log = await compose.logsOf('runner');
    releases.defer(async () => void (await log.stop()));
    await log.until({
      match: (line) => (line.includes('"msg":"ready"') ? true : undefined),
      what: '"ready" of the runner',
      limitMs: LIMIT_MS,
    });
  });
  after(() => releases.disposeAsync());

  /** The commands for containers of a page, as a person types them, but for where the copies are kept. */
  const commandsOf = async (page: string, copies: string, copy: string) => {
    const lines = (await readFile(join(ROOT, 'docs', page), 'utf8')).split('\n');
    return lines
      .filter((line) => line.startsWith('docker compose '))
      .map((line) => line.replace(/ *# .*/, '').replace('/backups/capstan-…', `/backups/${copy}`))
      .map((line) => line.replace('-v /backups:', `-v ${copies}:`).split(/\s+/).slice(2));
  };

  const healthy = ['exec', '-T', 'gateway', 'node', 'scripts/compose/healthy.ts', 'http://127.0.0.1:8030/health'];
  const inspect = async (service: string): Promise<Inspected> => {
    const id = (await compose.run('ps', '-q', service)).trim();
    return JSON.parse((await askEngine('GET', `/containers/${id}/json`)).body) as Inspected;
  };

  it('runs a job on what was added to its catalogue, and hands out the results', async () => {
    const offeredIn = (output: string) =>
      JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)) as Offered;
    const add = async (mounted: string, ...words: readonly string[]): Promise<Offered> => {
      const inGateway = ['run', '--rm', '--no-deps', '-T', '-v', mounted, 'gateway'];
      return offeredIn(await compose.run(...inGateway, 'node', 'scripts/catalogue.ts', 'add', ...words, '--json'));
    };
    const ofThePage = (await commandsOf('compose.md', '', '')).find((words) => words.includes('add')) ?? [];
    const [word = '', ...words] = ofThePage.map((each) => each.replaceAll('"', '').replace('$PWD', ROOT));
    const dataset = offeredIn(await compose.run(word, '-T', ...words, '--json'));
    const container = ['--image', 'localhost/capstan/node-demo', '--tag', '24', '--entrypoint', 'node $ALGO'];
    const mounted = `${ROOT}/demo/algorithm.js:/in/algorithm.js:ro`;
    const algorithm = await add(mounted, '/in/algorithm.js', '--type', 'algorithm', ...container);
    const consumer = createConsumer(url);
    await using live = await consumer.follow();
    const { jobId } = await consumer.start({
      environment: 'local',
      dataset: ordered(dataset),
      algorithm: { ...ordered(algorithm), algocustomdata: { wetDayMm: 0.25 } },
    });
    const { job } = await live.ended(jobId, LIMIT_MS);
    expect(job.terminationDetails?.reason).to.match(/exited with code 0/);
    expect(job.status).to.equal(70);
    const report = job.results.find(({ filename }) => filename === 'rain.json');
    const answer = await consumer.result(jobId, report?.index ?? -1);
    expect(answer.status).to.equal(200);
    expect(await answer.json()).to.have.property('cities');
    expect((await consumer.remove(jobId)).status).to.equal(200);
  });

  it('gives the engine to the runner alone, and nothing else of the machine to anyone', async () => {
    for (const service of ['nats', 'gateway', 'runner']) {
      const { Mounts } = await inspect(service);
      const bound = Mounts.filter(({ Type }) => Type === 'bind').map(({ Destination, RW }) => [Destination, RW]);
      const expected = { nats: [['/etc/capstan', false]], gateway: [], runner: [['/var/run/docker.sock', true]] };
      expect(bound, service).to.deep.equal(expected[service as keyof typeof expected]);
    }
  });

  it('locks its own containers down', async () => {
    for (const service of ['nats', 'gateway', 'runner']) {
      const { HostConfig, Config } = await inspect(service);
      expect(HostConfig, service).to.deep.include({ ReadonlyRootfs: true, Privileged: false, CapDrop: ['ALL'] });
      expect(HostConfig.CapAdd ?? [], service).to.deep.equal([]);
      expect(HostConfig.SecurityOpt, service).to.include('no-new-privileges:true');
      expect(HostConfig.Memory, service).to.be.within(100_000_000, 4_000_000_000);
      expect(HostConfig.PidsLimit, service).to.be.within(16, 1_024);
      expect(HostConfig.RestartPolicy.Name, service).to.equal('unless-stopped');
      expect(Config.User.startsWith('0:'), service).to.equal(service === 'runner');
    }
  });

  it('lets nobody reach the broker from outside, and the gateway from this machine only', async () => {
    const nats = await inspect('nats');
    expect(nats.HostConfig.PortBindings).to.deep.equal({});
    expect(Object.keys(nats.NetworkSettings.Networks)).to.deep.equal([`${project}_bus`]);
    const gateway = await inspect('gateway');
    expect(
      Object.values(gateway.HostConfig.PortBindings)
        .flat()
        .map(({ HostIp }) => HostIp),
    ).to.deep.equal(['127.0.0.1']);
  });

  it('has each service say on the broker what it must, and no more', async () => {
    // The broker tells of every subject that was refused.
    const { output } = await compose.attempt('logs', '--no-color', 'nats');
    expect(output).not.to.match(/Permissions Violation/i);
    const tell = (service: string, subject: string) =>
      compose.attempt('exec', '-T', service, 'node', '-e', publishAs(service), subject);
    expect((await tell('runner', 'jobs.start.local')).output).to.match(/PERMISSIONS_VIOLATION/);
    expect((await tell('runner', '$KV.desired.x')).output).to.match(/PERMISSIONS_VIOLATION/);
    expect((await tell('gateway', 'jobs.event.x')).output).to.match(/PERMISSIONS_VIOLATION/);
    expect((await tell('gateway', 'jobs.start.local')).output).to.match(/taken/);
  });

  it('knows whether its parts are well', async () => {
    expect(
      (await compose.run('exec', '-T', 'runner', 'node', 'services/runner/src/host/health-check.ts')).trim(),
    ).to.match(/answers$/);
    expect(await compose.run(...healthy)).to.contain('"status":"ok"');
    await compose.run('stop', 'nats');
    expect(
      (await compose.attempt('exec', '-T', 'runner', 'node', 'services/runner/src/host/health-check.ts')).code,
    ).not.to.equal(0);
    await compose.run('start', 'nats');
  });

  it('keeps its keys when all is taken down and brought up again', async () => {
    const who = async () => ((await (await fetch(url)).json()) as { providerAddress: string }).providerAddress;
    const before = await who();
    await compose.run('down', '--timeout', '20');
    await compose.run('up', '--detach');
    const log = await compose.logsOf('gateway');
    releases.defer(async () => void (await log.stop()));
    await log.until({
      match: (line) => (line.includes('"msg":"a runner has come"') ? true : undefined),
      what: '"a runner has come" of the gateway',
      limitMs: LIMIT_MS,
    });
    expect(await who()).to.equal(before);
  });

  const untilBack = async () => {
    await compose.run('up', '--detach', '--no-recreate');
    // Compose of this version can't wait for it.
    await retry(() => compose.run(...healthy), { signal: AbortSignal.timeout(LIMIT_MS), maxDelayMs: 1_000 });
  };

  it('is copied while it runs, brought back, and gets another key, by the commands of the docs', async () => {
    await using copies = await temporaryFolder('copies');
    await chown(copies.path, 10_000, 10_000);
    const who = async () => ((await (await fetch(url)).json()) as { providerAddress: string }).providerAddress;
    const before = await who();
    const [backup = []] = await commandsOf('backup.md', copies.path, '');
    expect(await compose.run(...backup)).to.match(/taken while the node runs/);
    const [copy = ''] = await readdir(copies.path);
    expect(await readdir(join(copies.path, copy))).to.include.members(['backup.json', 'node.key', 'store.db']);
    const [, stop = [], restore = [], start = [], giveKey = []] = await commandsOf('backup.md', copies.path, copy);
    expect(restore).to.include('scripts/restore.ts');
    await compose.run(...stop);
    expect(await compose.run(...restore)).to.match(/is as it was at/);
    await compose.run(...start);
    await untilBack();
    expect(await who()).to.equal(before);

    const [rotate = [], again = []] = await commandsOf('keys.md', '', '');
    expect(await compose.run(...rotate)).to.contain(before.toLowerCase());
    await compose.run(...again);
    await untilBack();
    const rotated = await who();
    expect(rotated).not.to.equal(before);
    // A machine that was set up with a key of its own gets that of the copy.
    await compose.run(...giveKey);
    await compose.run(...again);
    await untilBack();
    expect(await who()).to.equal(before);
  });

  it('leaves nothing when it is taken down with its volumes', async () => {
    await compose.run('down', '--volumes', '--timeout', '20');
    const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${project}`] }));
    expect(JSON.parse((await askEngine('GET', `/containers/json?all=1&filters=${filters}`)).body)).to.deep.equal([]);
    const volumes = JSON.parse((await askEngine('GET', `/volumes?filters=${filters}`)).body) as { Volumes: unknown };
    expect(volumes.Volumes ?? []).to.deep.equal([]);
  });
});

/** A program for inside a service's container: publishes on the subject that it is given, as that service. */
function publishAs(service: string): string {
  return `
    const { connect } = require('nats');
    const { readFileSync } = require('node:fs');
    (async () => {
      const nc = await connect({ servers: 'nats://nats:4222', user: '${service}', pass: readFileSync('/secrets/nats-password', 'utf8').trim() });
      let said = 'taken';
      (async () => { for await (const { data } of nc.status()) said = data; })();
      nc.publish(process.argv[1], '{}');
      // The server says no before it answers the flush; the second one is there for what reads it.
      await nc.flush();
      await nc.flush();
      console.log(said);
      process.exit(0);
    })();`;
}
