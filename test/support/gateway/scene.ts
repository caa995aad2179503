/** A gateway on its own: a real process on a real NATS server, and a test in the place of the runner. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBus, type Bus } from '@capstan/shared/bus/connect';
import { watchDesired } from '@capstan/shared/bus/desired';
import { broadcast, publish } from '@capstan/shared/bus/publish';
import { announceSubject, eventSubject } from '@capstan/shared/bus/subjects';
import { loadConfig } from '@capstan/shared/config/load';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { ResultFile } from '@capstan/shared/contract/job';
import type { Manifest } from '@capstan/shared/results/manifest';
import {
  jobEvent,
  type Announcement,
  type Desired,
  type Environment,
  type EventDetails,
} from '@capstan/shared/contract/messages';
import type { StatusCode } from '@capstan/shared/contract/status';
import { computeAddress } from 'ethers';
import { createLog } from '@capstan/shared/runtime/log';
import { loadOrCreateNodeKey, type NodeKey } from '@capstan/shared/crypto/node-key';
import { publicKeyOf } from '@capstan/shared/crypto/seal';
import { assetOrder, catalogueIn } from '../../../scripts/demo/assets.ts';
import type { Order } from '../../../scripts/parts/consumer.ts';
import { createMailbox } from '../../../scripts/parts/mailbox.ts';
import { natsVariables, startNats } from '../../../scripts/parts/nats.ts';
import {
  parseEntry,
  startService,
  untilReady,
  type Entry,
  type RunningService,
} from '../../../scripts/parts/service.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { createCaller, type Caller } from './caller.ts';
import { ENVIRONMENT } from './parts.ts';

const LIMIT_MS = 60_000;
/** Runners announce themselves regularly, since nobody keeps what they say; this one often, so that no test waits for it. */
const ANNOUNCE_EVERY_MS = 250;
/** Budgets that fill again with real time: on a fast machine a file of many tests would outrun them. Tests of a budget set their own. */
const UNHURRIED = {
  CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0',
  CAPSTAN_GATEWAY_LIMITS_PER_CALLER_PER_SECOND: '0',
  CAPSTAN_GATEWAY_LIMITS_OUTSIDE_PER_SECOND: '0',
};

/** What a runner would report of a job; run 1, attempt 1 and nothing more if not said. */
export interface Report {
  readonly run?: number;
  readonly attempt?: number;
  readonly details?: EventDetails;
}

export interface GatewayScene extends AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  readonly key: NodeKey;
  readonly dataset: Ddo;
  readonly algorithm: Ddo;
  /** A client of the played runner on the same NATS. */
  readonly bus: Bus;
  gateway(): RunningService;
  /** Starts it again after it has ended, with further settings if given. */
  restartGateway(variables?: Readonly<Record<string, string>>): Promise<void>;
  /** Somebody with a wallet of their own. */
  caller(): Caller;
  /** A new order of the dataset and the algorithm, which everybody may run. */
  order(): Order;
  /** Reports like a runner; resolves once the gateway has dealt with it, to whether it changed the job. */
  report(jobId: string, code: StatusCode, report?: Report): Promise<boolean>;
  /** The same without waiting for the gateway; resolves once the broker has it. Those sent one after another stay in their order. */
  send(jobId: string, code: StatusCode, report?: Report): Promise<void>;
  /** Says from now on that it works on these jobs. */
  announce(jobs: Announcement['jobs']): void;
  /** What the gateway wants of a job, once it wants this. */
  desired(jobId: string, want: Desired['want'], run?: number): Promise<Desired>;
  /** Leaves results as a runner does. Resolves to how the ending event lists them. */
  writeResults(jobId: string, run: number, texts: Readonly<Record<string, string>>): Promise<readonly ResultFile[]>;
  /** The first entry of the gateway's log with this text, logged already or from now on. */
  logged(msg: string): Promise<Entry>;
  /** Resolves once the job's start command has gone out. */
  sent(jobId: string): Promise<Entry>;
}

interface SceneOptions {
  readonly variables?: Readonly<Record<string, string>>;
  /** Whether a runner is there at all. */
  readonly hasRunner?: boolean;
  /** Environments that the runner offers beside the one that all tests use. */
  readonly moreEnvironments?: readonly Environment[];
}

export async function startGateway({
  variables = {},
  hasRunner = true,
  moreEnvironments = [],
}: SceneOptions = {}): Promise<GatewayScene> {
  await using releases = new AsyncDisposableStack();
  const { path: dataDir } = releases.use(await temporaryFolder('gateway'));
  const nats = await startNats({ dir: join(dataDir, 'nats') });
  releases.defer(async () => void (await nats.stop()));
  const key = await loadOrCreateNodeKey(join(dataDir, 'node.key'));
  const { dataset, algorithm } = await publishAssets(dataDir);

  const settings = {
    CAPSTAN_DATA_DIR: dataDir,
    CAPSTAN_LOG_LEVEL: 'debug',
    CAPSTAN_GATEWAY_PORT: '0',
    ...UNHURRIED,
    ...natsVariables(nats),
  };
  const entries = createMailbox<{ readonly at: number; readonly entry: Entry }>({
    name: 'the gateway',
    keep: 5_000,
    show: ({ entry }) => JSON.stringify(entry),
  });
  let lines = 0;
  const hear = (line: string) => {
    if (process.env.SHOW_LOGS) console.error(line);
    const entry = parseEntry(line);
    if (entry) entries.put({ at: (lines += 1), entry });
  };
  let settingsNow: Readonly<Record<string, string>> = { ...settings, ...variables };
  const start = async () => {
    const service = await startService({
      service: 'gateway',
      environment: { ...process.env, ...settingsNow },
      workingDir: dataDir,
      onLine: hear,
    });
    const { url } = await untilReady(service, 'gateway');
    await service.untilLogged('NATS connected');
    return { service, url: String(url) };
  };
  let running = await start();
  releases.defer(async () => void (await running.service.stop()));

  const log = createLog('test', 'silent');
  const listening = new AbortController();
  const bus = createBus({ nats: loadConfig(settings, dataDir).nats, name: 'played-runner', log });
  const wishes = createMailbox<Desired & { readonly jobId: JobId }>({
    name: 'wishes of the gateway',
    keep: 5_000,
    show: (wish) => JSON.stringify(wish),
  });
  watchDesired(bus, { onWord: (jobId, wish) => wishes.put({ ...wish, jobId }), log, signal: listening.signal });
  await bus.start();
  releases.defer(async () => {
    listening.abort();
    await bus.stop();
  });
  await bus.connected(AbortSignal.timeout(LIMIT_MS));

  const instance = randomBytes(4).toString('hex');
  let jobsNow: Announcement['jobs'] = [];
  const announce = () => {
    const announcement: Announcement = {
      v: 1,
      runnerId: 'played',
      instance,
      environments: [ENVIRONMENT, ...moreEnvironments],
      jobs: jobsNow,
    };
    broadcast(bus, announceSubject('played'), announcement);
  };
  if (hasRunner) {
    const announcing = setInterval(announce, ANNOUNCE_EVERY_MS);
    releases.defer(() => clearInterval(announcing));
    await running.service.untilLogged('a runner has come');
  }
  const kept = releases.move();

  /** The first entry after the line `after` that is about this. */
  const entryAfter = (after: number, isIt: (entry: Entry) => boolean, what: string) =>
    entries.first({
      match: ({ at, entry }) => (at > after && isIt(entry) ? entry : undefined),
      what,
      limitMs: LIMIT_MS,
    });

  const send = async (jobId: string, code: StatusCode, { run = 1, attempt = 1, details = {} }: Report = {}) => {
    const event = jobEvent({ jobId: jobId as JobId, run, attempt, code, at: Date.now(), details });
    // An id of its own: what comes late or twice must get as far as the gateway.
    const messageId = randomBytes(8).toString('hex');
    await publish(bus, { subject: eventSubject(event.jobId), messageId, message: event });
  };

  return {
    get url() {
      return running.url;
    },
    dataDir,
    key,
    dataset,
    algorithm,
    bus,
    gateway: () => running.service,
    async restartGateway(more = {}) {
      settingsNow = { ...settingsNow, ...more };
      running = await start();
      if (hasRunner) await running.service.untilLogged('a runner has come');
    },
    caller: () => createCaller(() => running.url, undefined, computeAddress(`0x${publicKeyOf(key)}`)),
    order: () => ({ environment: ENVIRONMENT.id, dataset: assetOrder(dataset), algorithm: assetOrder(algorithm) }),
    send,
    async report(jobId, code, report = {}) {
      const { run = 1 } = report;
      const before = lines;
      await send(jobId, code, report);
      const verdicts = ['job moved on', 'event changes nothing'];
      const isIt = (entry: Entry) =>
        verdicts.includes(entry.msg) && entry['jobId'] === jobId && entry['run'] === run && entry['code'] === code;
      return (await entryAfter(before, isIt, `word of ${jobId} ${code}`)).msg === 'job moved on';
    },
    announce(jobs) {
      jobsNow = jobs;
    },
    desired: (jobId, want, run = 1) =>
      wishes.first({
        match: (wish) => (wish.jobId === jobId && wish.want === want && wish.run === run ? wish : undefined),
        what: `the wish ${want} for ${jobId}`,
        limitMs: LIMIT_MS,
      }),
    writeResults: (jobId, run, texts) =>
      writeResults(join(dataDir, 'results', jobId, String(run)), { jobId, run, texts }),
    sent: (jobId) =>
      entryAfter(
        0,
        ({ msg, ...entry }) => msg === 'job sent to the runners' && entry['jobId'] === jobId,
        `a start of ${jobId}`,
      ),
    logged: (msg) => entryAfter(0, (entry) => entry.msg === msg, `"${msg}"`),
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}

async function publishAssets(dataDir: string): Promise<{ readonly dataset: Ddo; readonly algorithm: Ddo }> {
  const catalogue = await catalogueIn(dataDir);
  const source = join(dataDir, 'source');
  await writeFile(source, 'some text\n');
  const dataset = { type: 'dataset', name: 'data', access: 'compute', isRawAllowed: true } as const;
  const container = { image: 'alpine', tag: '3', entrypoint: 'sh $ALGO' };
  const algorithm = { type: 'algorithm', name: 'algorithm', access: 'access', container } as const;
  return { dataset: await catalogue.add(dataset, [source]), algorithm: await catalogue.add(algorithm, [source]) };
}

interface Written {
  readonly jobId: string;
  readonly run: number;
  readonly texts: Readonly<Record<string, string>>;
}

async function writeResults(dir: string, { jobId, run, texts }: Written): Promise<readonly ResultFile[]> {
  await mkdir(join(dir, 'files'), { recursive: true });
  const files = Object.entries(texts).map(([filename, text], index) => ({
    filename,
    filesize: Buffer.byteLength(text),
    type: 'output' as const,
    index,
    sha256: createHash('sha256').update(text).digest('hex'),
  }));
  for (const [index, text] of Object.values(texts).entries()) await writeFile(join(dir, 'files', String(index)), text);
  const manifest: Manifest = {
    v: 1,
    jobId: jobId as JobId,
    run,
    attempt: 1,
    code: 70,
    endedAt: Date.now(),
    expiresAt: Date.now() + 60_000,
    termination: null,
    files,
    skipped: [],
  };
  await writeFile(join(dir, 'manifest.json'), JSON.stringify(manifest));
  return files.map(({ filename, filesize, type, index }) => ({ filename, filesize, type, index }));
}

export const LOCAL = ENVIRONMENT.id satisfies EnvironmentId;
