/**
 * Records what a release leaves behind when it is killed with jobs at 20, 40 and 60, and with events on their way: its data folder, what
 * is on the broker, what its runner had the engine do, all that the two said to each other, and by which schemas they read it.
 * `test/integration/upgrade` starts this version over that. Once for each release, from a checkout of it with its own node_modules:
 *
 *   git worktree add --detach ../before <commit of the release>; (cd ../before && npm ci)
 *   node test/by-hand/record-release.ts ../before test/support/releases/<its name>
 */
import { execFile } from 'node:child_process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Wallet } from 'ethers';
import { connect, type ConsumerConfig, type NatsConnection } from 'nats';
import { DEMO_IMAGE, DEMO_IMAGE_ALLOWED } from '../../scripts/demo/assets.ts';
import { askEngine, leftoversOf, removeLeftovers } from '../../scripts/parts/engine.ts';
import { createConsumer } from '../../scripts/parts/consumer.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { startEngineProxy } from '../support/engine-proxy.ts';
import { NODE_CONTAINER, startTestNode } from '../support/node.ts';
import { startRecordingProxy } from '../support/recording-proxy.ts';
import type { Broker, Record as Recorded, SaidMessage } from '../support/releases/record.ts';
import { algorithmOf } from '../support/runner/names-in-engine.ts';

const SH = { ...NODE_CONTAINER, entrypoint: 'sh $ALGO' };
const QUICK = 'echo 42 > /data/outputs/answer.txt; echo done';
const ENDLESS = `trap 'echo 42 > /data/outputs/answer.txt; echo done; exit 0' TERM; echo working; while :; do sleep 0.1; done`;
/** Outputs on their way out of the engine; what is looked up in an image before is read in the same way. */
const OUTPUTS = /\/archive\?(?!.*(passwd|group|etc))/;
/** What either side reads from the other. */
const SCHEMAS = {
  'contract/messages.ts': [
    'StartCommandSchema',
    'DesiredSchema',
    'StartedSchema',
    'LeaseSchema',
    'JobEventSchema',
    'AnnouncementSchema',
  ],
  'contract/progress.ts': ['ProgressSchema'],
  'results/manifest.ts': ['ManifestSchema'],
} as const;
/** Where releases had it before. */
const FORMERLY: Readonly<{ [file: string]: string }> = { 'results/manifest.ts': 'contract/manifest.ts' };

const [root, out] = process.argv.slice(2);
if (root === undefined || out === undefined) throw new Error('usage: record-release.ts CHECKOUT FOLDER');
await record(resolve(root), resolve(out));

async function record(before: string, folder: string): Promise<void> {
  await using temporary = await temporaryFolder('record');
  await using recorder = await startRecordingProxy(temporary.path);
  await using proxy = await startEngineProxy(temporary.path, recorder.socket);
  await using node = await startTestNode({
    hasOwnId: true,
    roots: { gateway: before, runner: before },
    variables: { ...DEMO_IMAGE_ALLOWED, CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket },
    limits: { maxJobs: 4 },
  });
  const { port, user, password } = node.nats();
  const nats = await connect({ servers: `127.0.0.1:${port}`, user, pass: password });
  const said = listen(nats);
  const wallet = Wallet.createRandom();
  const consumer = createConsumer(node.url, wallet);
  const dataset = await node.addDataset({ isRawAllowed: true });
  const start = async (code: string, at: number) => {
    const { jobId } = await consumer.start(node.rawOrderOf(dataset, code, SH));
    await said.until((text) => text.includes(`"jobId":"${jobId}"`) && text.includes(`"code":${at},`));
    return jobId;
  };
  const finish = async (jobId: string) =>
    void (await askEngine('POST', `/containers/${await algorithmOf(jobId)}/kill?signal=TERM`));

  proxy.plant({ method: 'GET', path: OUTPUTS, does: { kind: 'hang' }, times: 1 });
  const publishing = await start(QUICK, 60);
  const running = await start(ENDLESS, 40);
  const told = await start(ENDLESS, 40);
  const filling = proxy.plant({ method: 'PUT', path: /\/archive/, does: { kind: 'hang' } });
  const provisioning = await start(QUICK, 20);
  await filling.until(1);

  // Nobody takes its last events: they wait on the broker.
  await node.gateway().kill();
  await finish(told);
  await said.until((text) => text.includes(`"jobId":"${told}"`) && text.includes('"code":70,'));
  await node.runner().kill();

  const left = await brokerOf(nats);
  await nats.close();
  await node.stop();
  const image = await imageId();
  const ids = new Set(said.messages.flatMap(({ subject }) => /^runners\.(.+)\.announce$/.exec(subject)?.[1] ?? []));
  await removeLeftovers(await leftoversOf((id) => ids.has(id)));
  await mkdir(folder, { recursive: true });
  const data = ['--exclude=./nats', '--exclude=./source-*', '--exclude=*-shm', '-C', node.dataDir, '.'];
  await promisify(execFile)('tar', [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '-czf',
    join(folder, 'data.tar.gz'),
    ...data,
  ]);
  const whole: Recorded = {
    jobs: { publishing, running, told, provisioning },
    environment: node.environment,
    consumerKey: wallet.privateKey,
    image,
    engine: recorder.calls().filter(({ path }) => !path.includes('/wait?')),
    broker: left,
    said: said.messages.filter(isNews()),
    schemas: await schemasOf(before),
  };
  await writeFile(join(folder, 'record.json.gz'), gzipSync(`${JSON.stringify(whole, undefined, 2)}\n`));
}

function listen(nats: NatsConnection) {
  const messages: SaidMessage[] = [];
  const waiting: { readonly matches: (text: string) => boolean; readonly resolve: () => void }[] = [];
  nats.subscribe('>', {
    callback(_error, { subject, data }) {
      if (!/^(jobs|runners|files|\$KV)\./.test(subject)) return;
      const text = Buffer.from(data).toString();
      messages.push({ subject, data: text });
      for (const { resolve: heard } of waiting.filter(({ matches }) => matches(text))) heard();
    },
  });
  const until = (matches: (text: string) => boolean) =>
    messages.some(({ data }) => matches(data))
      ? Promise.resolve()
      : new Promise<void>((heard) => waiting.push({ matches, resolve: heard }));
  return { messages, until };
}

/** What a runner says every few seconds is kept once for each number of jobs; a lease once. */
function isNews() {
  const known = new Set<string>();
  return ({ subject, data }: SaidMessage) => {
    const { jobs } = JSON.parse(data || '{}') as { readonly jobs?: readonly unknown[] };
    const isRepeated = subject.endsWith('.announce') || subject.includes('lease-');
    const key = isRepeated ? `${subject} ${jobs?.length}` : `${subject} ${data}`;
    if (known.has(key)) return false;
    known.add(key);
    return true;
  };
}

async function brokerOf(nats: NatsConnection): Promise<Broker> {
  const manager = await nats.jetstreamManager();
  const streams: Broker['streams'][number][] = [];
  for (const { config, state } of await manager.streams.list().next()) {
    const consumers: ConsumerConfig[] = [];
    for (const { config: consumer } of await manager.consumers.list(config.name).next())
      if (consumer.durable_name !== undefined) consumers.push(consumer);
    const messages: Broker['streams'][number]['messages'][number][] = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
      // Others were acknowledged.
      const found = await manager.streams.getMessage(config.name, { seq }).catch(() => undefined);
      if (!found) continue;
      const headers = Object.fromEntries([...found.header].map(([name, values]) => [name, values[0] ?? '']));
      messages.push({ subject: found.subject, headers, data: Buffer.from(found.data).toString() });
    }
    streams.push({ config, consumers, messages });
  }
  return { streams };
}

async function imageId(): Promise<string> {
  const { body } = await askEngine('GET', `/images/${DEMO_IMAGE.image}:${DEMO_IMAGE.tag}/json`);
  return (JSON.parse(body) as { readonly Id: string }).Id;
}

async function schemasOf(before: string): Promise<Recorded['schemas']> {
  const found: { [name: string]: unknown } = {};
  for (const [file, names] of Object.entries(SCHEMAS)) {
    const path = await firstOf([file, FORMERLY[file] ?? file].map((place) => join(before, 'shared', 'src', place)));
    const module = (await import(pathToFileURL(path).href)) as Readonly<{ [name: string]: unknown }>;
    for (const name of names) if (module[name] !== undefined) found[name] = module[name];
  }
  return found;
}

async function firstOf(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw new Error(`none of these is there: ${paths.join(', ')}`);
}
