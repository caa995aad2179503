/**
 * Live status under many subscribers: from a container's exit, by the engine's own clock, to the frame; one event to all of them, beside
 * a bare broadcast to as many sockets; and the memory that a subscriber costs. `npm run bench:live -- --jobs 20`.
 */
import { bareBroadcast } from './live/bare.ts';
import { startSubject } from './live/subject.ts';
import { machine } from './machine.ts';
import { median, percentile, table, tenths } from './stats.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';

const SUBSCRIBERS = [1, 1_000, 10_000] as const;
const WARM_UP = 2;
const ROUNDS = 15;

const USAGE = 'usage: npm run bench:live -- [--jobs N]   N jobs for each number of subscribers, 20 if not given';

const { values } = readCommandLine(USAGE, {
  options: { jobs: { type: 'string', default: '20' }, help: { type: 'boolean', short: 'h', default: false } },
});
const jobs = Number(values.jobs);
if (values.help || !Number.isInteger(jobs) || jobs < 1) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}

await using releases = new AsyncDisposableStack();
const subject = releases.use(await startSubject());
const exits = new Map<number, readonly number[]>();
let open = 0;
let idleMB = 0;
let crowdedMB = 0;
for (const subscribers of SUBSCRIBERS) {
  if (subscribers === 10_000) idleMB = await subject.gatewayMB();
  await subject.open(subscribers - open);
  if (subscribers === 10_000) crowdedMB = await subject.gatewayMB();
  open = subscribers;
  const waits: number[] = [];
  for (let i = 0; i < WARM_UP + jobs; i += 1) {
    const each = await subject.exitToFrame();
    if (i >= WARM_UP) waits.push(...each);
  }
  exits.set(subscribers, waits);
}

const { frameBytes } = await subject.occupy();
const bare = releases.use(await bareBroadcast(open));
const spread = (atMs: readonly number[]) => Math.max(...atMs) - Math.min(...atMs);
const spreads = { node: [] as number[], bare: [] as number[] };
for (let i = 0; i < WARM_UP + ROUNDS; i += 1) {
  const atMs = await subject.oneEvent();
  const bareAtMs = await bare.once(frameBytes);
  if (i < WARM_UP) continue;
  spreads.node.push(spread(atMs));
  spreads.bare.push(spread(bareAtMs));
}

const p = (subscribers: number, share: number) => tenths(percentile(exits.get(subscribers) ?? [], share));
const fanOut = { node: median(spreads.node), bare: median(spreads.bare) };
const result = {
  bench: 'live',
  exitToFrameP50Ms1: p(1, 0.5),
  exitToFrameP50Ms1000: p(1_000, 0.5),
  exitToFrameP50Ms10000: p(10_000, 0.5),
  fanOutToBareWs: Math.round((fanOut.node / fanOut.bare) * 100) / 100,
  bytesPerSubscriber: Math.round(((crowdedMB - idleMB) * 2 ** 20) / (10_000 - 1_000)),
};

console.log(`${jobs} jobs for each number of subscribers, ${ROUNDS} single events to all; milliseconds`);
console.log(`${machine()}; gateway, runner, engine, NATS and subscribers on it\n`);
console.log(
  table([
    ['container exit to frame', 'p50', 'p99'],
    ...SUBSCRIBERS.map((count) => [
      `${count.toLocaleString('en')} subscriber${count === 1 ? '' : 's'}`,
      String(p(count, 0.5)),
      String(p(count, 0.99)),
    ]),
  ]),
);
console.log();
console.log(
  table([
    ['one event, first to last subscriber', 'p50', 'p90'],
    ['bare ws', String(tenths(fanOut.bare)), String(tenths(percentile(spreads.bare, 0.9)))],
    ['the node', String(tenths(fanOut.node)), String(tenths(percentile(spreads.node, 0.9)))],
    ['ratio', result.fanOutToBareWs.toFixed(2), ''],
  ]),
);
console.log(`\n  memory of an idle subscriber in the gateway: ${(result.bytesPerSubscriber / 1000).toFixed(1)} KB`);
console.log(`\n${JSON.stringify(result)}`);
