/** A runner on its own: a real NATS server, a real engine, and a test in the place of the gateway. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBus, type Bus } from '@capstan/shared/bus/connect';
import { pull } from '@capstan/shared/bus/consume';
import { putDesired } from '@capstan/shared/bus/desired';
import { listen, publish } from '@capstan/shared/bus/publish';
import {
  ALL_PROGRESS,
  announceSubject,
  clearedSubject,
  GATEWAY_CONSUMER,
  startMessageId,
  startSubject,
  STREAMS,
} from '@capstan/shared/bus/subjects';
import { loadConfig } from '@capstan/shared/config/load';
import type { EnvironmentConfig } from '@capstan/shared/config/environment';
import type { Cleared } from '@capstan/shared/contract/cleared';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { parseJobId } from '@capstan/shared/contract/ids';
import type { Manifest } from '@capstan/shared/results/manifest';
import type { Announcement, Desired, JobEvent } from '@capstan/shared/contract/messages';
import type { Progress } from '@capstan/shared/contract/progress';
import { isEnding } from '@capstan/shared/contract/status';
import { createLog } from '@capstan/shared/runtime/log';
import { loadOrCreateNodeKey, type NodeKey } from '@capstan/shared/crypto/node-key';
import { engineSocket, leftoversOf, removeLeftovers } from '../../../scripts/parts/engine.ts';
import { createMailbox } from '../../../scripts/parts/mailbox.ts';
import { natsVariables, startNats, wipeNats } from '../../../scripts/parts/nats.ts';
import { parseEntry, startService, untilReady, type RunningService } from '../../../scripts/parts/service.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { TEST_PREFIX } from '../node.ts';
import type { SpecParts } from './spec.ts';
import { specOf } from './spec.ts';
import { DEMO_IMAGE_ALLOWED } from '../../../scripts/demo/assets.ts';

const LIMIT_MS = 120_000;

export interface Scene extends AsyncDisposable {
  readonly dataDir: string;
  readonly environment: EnvironmentId;
  readonly key: NodeKey;
  readonly natsPort: number;
  /** A client of its own on the same NATS. */
  readonly bus: Bus;
  runner(): RunningService;
  /** Starts the runner again, after it has ended. */
  restartRunner(): Promise<void>;
  /** Starts another runner on the same NATS, with further settings; it ends with the scene. Resolves once it is ready, or to how it ended. */
  anotherRunner(more: Readonly<Record<string, string>>, isRefused?: boolean): Promise<RunningService>;
  /** Starts the runner, with further variables, again each time that it ends, as a supervisor does, until the signal aborts. */
  keepRunner(more: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  /** Ends NATS as if its disk had been lost, and starts it again. Resolves when this scene's own client is connected again. */
  wipeNats(): Promise<void>;
  /** The same, with its disk. */
  restartNats(): Promise<void>;
  /** Sends a start command; resolves once NATS has it. */
  start(parts: SpecParts, how?: StartOptions): Promise<JobId>;
  sendRaw(message: unknown): Promise<void>;
  want(jobId: JobId, want: Desired['want']): Promise<void>;
  /** The first event of the job with this code, or its ending, of a certain attempt if one is given. */
  until(jobId: JobId, code: number | 'end', attempt?: number, limitMs?: number): Promise<JobEvent>;
  codes(jobId: JobId): readonly number[];
  /** The first word of how far a job is that matches. */
  progress(jobId: JobId, matches: (progress: Progress) => boolean): Promise<Progress>;
  /** Resolves when the runner has let go of the job: its end is told, it is cleared away, and its command does not come again. */
  left(jobId: JobId): Promise<void>;
  /** The first word that nothing is left of a run, for that reason. */
  cleared(jobId: JobId, because: Cleared['because']): Promise<Cleared>;
  announced(matches: (announcement: Announcement) => boolean, what: string): Promise<Announcement>;
  manifest(jobId: JobId): Promise<Manifest>;
  /** A result file's text. */
  text(jobId: JobId, filename: string): Promise<string>;
}

interface StartOptions {
  /** A new one if not said. */
  readonly jobId?: JobId;
  /** The one of the job's first start if not said. */
  readonly messageId?: string;
  /** One of the further environments, by its name. */
  readonly at?: string;
}

export interface SceneOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly limits?: Partial<EnvironmentConfig>;
  /**
   * Limits of further environments by their names. A runner computes for a second before it is ready: tests that differ in their
   * environments only share one.
   */
  readonly further?: Readonly<Record<string, Partial<EnvironmentConfig>>>;
}

export async function startScene({ variables = {}, limits = {}, further = {} }: SceneOptions = {}): Promise<Scene> {
  const environment = (TEST_PREFIX + randomBytes(4).toString('hex')) as EnvironmentId;
  const idOf = (name: string) => `${environment}-${name}` as EnvironmentId;
  const furtherOnes = Object.entries(further).map(([name, own]) => ({ id: idOf(name), maxJobs: 2, ...own }));
  await using releases = new AsyncDisposableStack();
  const { path: dataDir } = releases.use(await temporaryFolder('runner'));
  releases.defer(async () => removeLeftovers(await leftoversOf((runnerId) => runnerId === environment)));
  const natsDir = join(dataDir, 'nats');
  let nats = await startNats({ dir: natsDir });
  releases.defer(async () => void (await nats.stop()));
  const settings = {
    CAPSTAN_DATA_DIR: dataDir,
    CAPSTAN_LOG_LEVEL: 'debug',
    ...DEMO_IMAGE_ALLOWED,
    CAPSTAN_RUNNER_ID: environment,
    CAPSTAN_RUNNER_DOCKER_SOCKET: engineSocket(),
    CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: environment, maxJobs: 2, ...limits }, ...furtherOnes]),
    ...natsVariables(nats),
    ...variables,
  };
  const key = await loadOrCreateNodeKey(join(dataDir, 'node.key'));
  const startRunner = async (more: Readonly<Record<string, string>> = {}, isRefused = false) => {
    const runner = await startService({
      service: 'runner',
      environment: { ...process.env, ...settings, ...more },
      workingDir: dataDir,
      ...(process.env.SHOW_LOGS ? { onLine: (line) => console.error(line) } : {}),
    });
    if (!isRefused) await untilReady(runner, 'runner');
    return runner;
  };

  const listening = new AbortController();
  const log = createLog('test', 'silent');
  const bus = createBus({
    nats: loadConfig(settings, dataDir).nats,
    name: 'test',
    log,
    makes: { environments: () => [environment, ...furtherOnes.map(({ id }) => id)] },
  });
  const events = createMailbox<JobEvent>({
    name: 'events',
    keep: 1_000,
    show: ({ jobId, code }) => `${jobId} ${code}`,
  });
  const announcements = createMailbox<Announcement>({
    name: 'announcements',
    keep: 1_000,
    show: (announcement) => JSON.stringify(announcement.jobs),
  });
  listen(bus, {
    subject: announceSubject(environment),
    handle: (message) => announcements.put(message as Announcement),
    signal: listening.signal,
  });
  const progress = createMailbox<Progress>({ name: 'progress', keep: 1_000, show: (one) => JSON.stringify(one) });
  listen(bus, {
    subject: ALL_PROGRESS,
    handle: (message) => progress.put(message as Progress),
    signal: listening.signal,
  });
  const clearings = createMailbox<Cleared>({ name: 'clearings', keep: 1_000, show: (one) => JSON.stringify(one) });
  listen(bus, {
    subject: clearedSubject(environment),
    handle: (message) => clearings.put(message as Cleared),
    signal: listening.signal,
  });
  await bus.start();
  await bus.connected(AbortSignal.timeout(LIMIT_MS));
  const intake = takeEvents(bus, events.put, listening.signal);
  releases.defer(async () => {
    listening.abort();
    await intake;
    await bus.stop();
  });

  const bringBackNats = async ({ isWiped }: { readonly isWiped: boolean }) => {
    const { promise: connected, resolve } = Promise.withResolvers<void>();
    const forget = bus.onConnected(() => resolve());
    await nats.kill();
    if (isWiped) await wipeNats(natsDir);
    nats = await startNats({ dir: natsDir, access: nats });
    await connected;
    forget();
  };

  let runner = await startRunner();
  releases.defer(async () => void (await runner.stop()));
  const kept = releases.move();

  const send = (message: unknown, messageId: string, to = environment) =>
    publish(bus, { subject: startSubject(to), messageId, message });
  const manifest = async (jobId: JobId) =>
    JSON.parse(await readFile(join(dataDir, 'results', jobId, '1', 'manifest.json'), 'utf8')) as Manifest;

  return {
    dataDir,
    environment,
    key,
    natsPort: nats.port,
    bus,
    runner: () => runner,
    async restartRunner() {
      runner = await startRunner();
    },
    async keepRunner(more, signal) {
      while (!signal.aborted) {
        const life = await startRunner(more, true);
        const stop = () => void life.stop();
        signal.addEventListener('abort', stop, { once: true });
        await life.exited;
        signal.removeEventListener('abort', stop);
      }
    },
    async anotherRunner(more, isRefused) {
      const another = await startRunner(more, isRefused);
      kept.defer(async () => void (await another.stop()));
      return another;
    },
    wipeNats: () => bringBackNats({ isWiped: true }),
    restartNats: () => bringBackNats({ isWiped: false }),
    async start(parts, { jobId = newJobId(), messageId = startMessageId(jobId, 1, 1), at } = {}) {
      const to = at === undefined ? environment : idOf(at);
      await send({ v: 1, jobId, run: 1, spec: specOf(parts, { environment: to, key }) }, messageId, to);
      return jobId;
    },
    sendRaw: (message) => send(message, randomBytes(8).toString('hex')),
    want: (jobId, want) => putDesired(bus, jobId, { run: 1, want }),
    until: (jobId, code, attempt, limitMs = LIMIT_MS) =>
      events.first({
        match: (event) => {
          const isMeant = event.jobId === jobId && event.attempt === (attempt ?? event.attempt);
          return isMeant && (code === 'end' ? isEnding(event.code) : event.code === code) ? event : undefined;
        },
        what: `${code} of ${jobId}`,
        limitMs,
      }),
    codes: (jobId) =>
      events
        .items()
        .filter((event) => event.jobId === jobId)
        .map(({ code }) => code),
    progress: (jobId, matches) =>
      progress.first({
        match: (one) => (one.jobId === jobId && matches(one) ? one : undefined),
        what: `progress of ${jobId}`,
        limitMs: LIMIT_MS,
      }),
    async left(jobId) {
      await runner.until({
        match(line) {
          const entry = parseEntry(line);
          return entry?.msg === 'job leaves' && entry['jobId'] === jobId ? entry : undefined;
        },
        what: `"job leaves" of ${jobId}`,
        limitMs: LIMIT_MS,
      });
    },
    cleared: (jobId, because) =>
      clearings.first({
        match: (word) => (word.because === because && word.runs.some((run) => run.jobId === jobId) ? word : undefined),
        what: `word that ${jobId} is cleared away`,
        limitMs: LIMIT_MS,
      }),
    announced: (matches, what) =>
      announcements.first({
        match: (announcement) => (matches(announcement) ? announcement : undefined),
        what,
        limitMs: LIMIT_MS,
      }),
    manifest,
    async text(jobId, filename) {
      const file = (await manifest(jobId)).files.find((candidate) => candidate.filename === filename);
      if (!file) throw new Error(`no result ${filename}`);
      return readFile(join(dataDir, 'results', jobId, '1', 'files', String(file.index)), 'utf8');
    },
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}

async function takeEvents(bus: Bus, put: (event: JobEvent) => void, signal: AbortSignal): Promise<void> {
  const messages = pull(bus, {
    stream: STREAMS.events.name,
    consumer: GATEWAY_CONSUMER,
    batchSize: 100,
    log: createLog('test', 'silent'),
    signal,
  });
  for await (const message of messages) {
    put(message.body as JobEvent);
    message.ack();
  }
}

export function newJobId(): JobId {
  const jobId = parseJobId(randomBytes(16).toString('hex'));
  if (!jobId) throw new TypeError('16 bytes are a job id');
  return jobId;
}
