/**
 * A job that writes a lot, and ten who follow its log: through runner, bus, gateway and sockets, every line checked. Beside it one reader of
 * the engine's log, raw dockerode, and as many followers of a bare loop of `ws` that sends the same bytes. One run, in turns.
 * `npm run bench:logs -- --mb-per-second 50 --seconds 10`.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEMO_IMAGE, DEMO_IMAGE_ALLOWED, assetOrder, catalogueIn } from '../../scripts/demo/assets.ts';
import { leftoversOf, removeLeftovers } from '../../scripts/parts/engine.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';
import { startNode } from '../../scripts/parts/node.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { createCaller } from '../support/gateway/caller.ts';
import { followRaw, type FloorLog } from './logs/engine-floor.ts';
import { followTogether, type Followed } from './logs/followers.ts';
import { linesOf, writerOf, type LogShape } from './logs/lines.ts';
import { followBare } from './logs/socket-floor.ts';
import { machine } from './machine.ts';
import type { Watched } from './process-watch.ts';
import { median, table, tenths } from './stats.ts';
import { aWatch } from './watched.ts';

const USAGE = `usage: npm run bench:logs -- [--mb-per-second M] [--seconds S] [--line-bytes B] [--rounds R] [--followers F]
  50, 6, 1000, 3 and 10 if not given`;

const { values } = readCommandLine(USAGE, {
  options: {
    'mb-per-second': { type: 'string', default: '50' },
    seconds: { type: 'string', default: '6' },
    'line-bytes': { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    followers: { type: 'string', default: '10' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const shape: LogShape = {
  mbPerSecond: Number(values['mb-per-second']),
  seconds: Number(values.seconds),
  lineBytes: Number(values['line-bytes']),
};
const [rounds, count] = [Number(values.rounds), Number(values.followers)];
const isWhole = (value: number) => Number.isInteger(value) && value >= 1;
if (values.help || ![rounds, count, ...Object.values(shape)].every(isWhole) || shape.lineBytes < 20) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const MAX_LOG_MB = 2_000;
const program = writerOf(shape);
const bytesWanted = linesOf(shape) * shape.lineBytes;

const environment = `bench-${process.pid}`;
await using releases = new AsyncDisposableStack();
const folder = releases.use(await temporaryFolder('bench-logs'));
releases.defer(async () => removeLeftovers(await leftoversOf((runnerId) => runnerId === environment)));
const catalogue = await catalogueIn(folder.path);
const source = join(folder.path, 'source');
await writeFile(source, 'some data\n');
const dataset = await catalogue.add({ type: 'dataset', name: 'data', access: 'compute', isRawAllowed: true }, [source]);
const watches = { gateway: await aWatch(), runner: await aWatch() };
const node = releases.use(
  await startNode({
    dataDir: folder.path,
    variables: {
      ...DEMO_IMAGE_ALLOWED,
      CAPSTAN_RUNNER_ID: environment,
      CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: environment, maxJobs: 1 }]),
      CAPSTAN_RUNNER_MAX_LOG_MB: String(MAX_LOG_MB),
    },
    own: { gateway: watches.gateway.variables, runner: watches.runner.variables },
  }),
);
const consumer = createCaller(() => node.url);
const { token } = (await consumer.createToken()).json() as { readonly token: string };

interface Round extends Followed {
  readonly gateway: Watched;
  readonly runner: Watched;
}

/** Fails for every byte that one of them was not told. */
function whole<Of extends Followed>(followed: Of, of: string): Of {
  const lacking = followed.bytes.filter((bytes) => bytes !== bytesWanted);
  const problems = [...followed.problems, ...lacking.map((bytes) => `${bytes} bytes of ${bytesWanted}`)];
  if (problems.length > 0) throw new Error(`${of}: ${problems.join('; ')}`);
  return followed;
}

async function throughNode(): Promise<Round> {
  const algorithm = { meta: { rawcode: program, container: { ...DEMO_IMAGE, entrypoint: 'node $ALGO' } } };
  const { jobId } = await consumer.job({ environment, dataset: assetOrder(dataset), algorithm });
  await Promise.all([watches.gateway.look(), watches.runner.look()]);
  const followed = await followTogether({ url: node.url, token, jobId, count, lineBytes: shape.lineBytes });
  const [gateway, runner] = await Promise.all([watches.gateway.look(), watches.runner.look()]);
  const { status, statusText } = await consumer.status(jobId);
  return whole({ ...followed, gateway, runner }, `the job, which stands at ${status} (${statusText})`);
}

const engine: FloorLog[] = [];
const bare: Followed[] = [];
const followed: Round[] = [];
const ways = [
  async () => void engine.push(await followRaw(program, MAX_LOG_MB)),
  async () => void bare.push(whole(await followBare(shape, count), 'the bare loop')),
  async () => void followed.push(await throughNode()),
];
for (let round = 0; round < rounds; round += 1) {
  const first = round % ways.length;
  for (const way of [...ways.slice(first), ...ways.slice(0, first)]) await way();
}

const rate = (bytes: number, elapsedMs: number) => bytes / 1e3 / elapsedMs;
const engineRates = engine.map(({ bytes, elapsedMs }) => rate(bytes, elapsedMs));
const bareRates = bare.map(({ elapsedMs }) => rate(bytesWanted, elapsedMs));
const rates = followed.map(({ elapsedMs }) => rate(bytesWanted, elapsedMs));
const perMB = (busyMs: readonly number[]) => busyMs.map((ms) => (ms * 1e6) / bytesWanted);
const gateways = followed.map(({ gateway }) => gateway);
const delays = {
  p99: gateways.map(({ delayP99Ms }) => delayP99Ms),
  max: gateways.map(({ delayMaxMs }) => delayMaxMs),
};
const cpu = {
  gateway: perMB(gateways.map(({ busyMs }) => busyMs)),
  runner: perMB(followed.map(({ runner }) => runner.busyMs)),
  followers: perMB(followed.map(({ busyMs }) => busyMs)),
};
const spread = (of: readonly number[]) => `${tenths(Math.min(...of))} to ${tenths(Math.max(...of))}`;
const row = (name: string, of: readonly number[]) => [name, String(tenths(median(of))), spread(of)];
const { mbPerSecond, seconds, lineBytes } = shape;
console.log(
  `a log of ${seconds} s at ${mbPerSecond} MB/s in lines of ${lineBytes} bytes, ${count} followers, every line`,
);
console.log(`checked; ${rounds} rounds in turns; maxLogMB ${MAX_LOG_MB}; ${machine()},`);
console.log('for engine, job, runner, NATS, gateway and followers together\n');
console.log(
  table([
    ['', 'median', 'rounds'],
    row('one reader of the engine, raw dockerode, MB/s', engineRates),
    row('bare ws, as fast as it can, to each follower, MB/s', bareRates),
    row('the node, to each follower, MB/s', rates),
    row('event loop of the gateway, held up, p99 ms', delays.p99),
    row('the same, at most', delays.max),
    row('processor of the gateway, ms for each MB of log', cpu.gateway),
    row('processor of the runner, ms for each MB of log', cpu.runner),
    row('processor of the followers, ms for each MB of log', cpu.followers),
  ]),
);
const result = {
  bench: 'logs',
  followers: count,
  lineBytes,
  mbPerSecond: tenths(median(rates)),
  engineMbPerSecond: tenths(median(engineRates)),
  bareMbPerSecond: tenths(median(bareRates)),
  bytesLost: 0,
  gatewayLoopP99Ms: tenths(median(delays.p99)),
  gatewayLoopMaxMs: tenths(median(delays.max)),
  gatewayCpuMsPerMB: tenths(median(cpu.gateway)),
  runnerCpuMsPerMB: tenths(median(cpu.runner)),
};
console.log(`\n${JSON.stringify(result)}`);
