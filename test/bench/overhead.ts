/**
 * What the node adds to a job: (a) the floor, raw dockerode doing the same containers and volumes for the same job, and (b) the job
 * through the whole node, from POST to status 70 seen on the WebSocket. One run, interleaved. `npm run bench:overhead -- --jobs 50`.
 */
import { catalogueIn, DEMO_IMAGE_ALLOWED, publishDemoAssets } from '../../scripts/demo/assets.ts';
import { createConsumer } from '../../scripts/parts/consumer.ts';
import { leftoversOf, removeLeftovers } from '../../scripts/parts/engine.ts';
import { startNode } from '../../scripts/parts/node.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { machine } from './machine.ts';
import { createFloor, FLOOR_PHASES, type FloorRun } from './overhead/floor.ts';
import { createJobThroughNode, NODE_PHASES, type NodeRun } from './overhead/node.ts';
import { median, percentile, table, tenths } from './stats.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';

const WARM_UP = 3;
const LIMITS = { cpus: 1, memoryGB: 1, pids: 512 };

const USAGE = 'usage: npm run bench:overhead -- [--jobs N]   N jobs each way, 30 if not given';

const { values } = readCommandLine(USAGE, {
  options: { jobs: { type: 'string', default: '30' }, help: { type: 'boolean', short: 'h', default: false } },
});
const jobs = Number(values.jobs);
if (values.help || !Number.isInteger(jobs) || jobs < 1) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}

const environment = `bench-${process.pid}`;
await using releases = new AsyncDisposableStack();
const folder = releases.use(await temporaryFolder('bench'));
releases.defer(async () => removeLeftovers(await leftoversOf((runnerId) => runnerId === environment)));
const assets = await publishDemoAssets(await catalogueIn(folder.path));
const node = releases.use(
  await startNode({
    dataDir: folder.path,
    variables: {
      ...DEMO_IMAGE_ALLOWED,
      CAPSTAN_RUNNER_ID: environment,
      CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: environment, maxJobs: 1, ...LIMITS }]),
    },
  }),
);
const consumer = createConsumer(node.url);
const live = releases.use(await consumer.follow());
const throughNode = createJobThroughNode({ node, consumer, live, assets, environment });
const floor = createFloor({ cpus: LIMITS.cpus, memoryBytes: LIMITS.memoryGB * 1e9, pids: LIMITS.pids });

const floorRuns: FloorRun[] = [];
const nodeRuns: NodeRun[] = [];
for (let i = 0; i < WARM_UP + jobs; i += 1) {
  // Whoever goes first finds the machine as the other left it: take turns.
  const order = i % 2 === 0 ? (['floor', 'node'] as const) : (['node', 'floor'] as const);
  for (const which of order) {
    if (which === 'floor') {
      const run = await floor.once();
      if (i >= WARM_UP) floorRuns.push(run);
    } else {
      const run = await throughNode.once();
      if (i >= WARM_UP) nodeRuns.push(run);
    }
  }
}

const total = (runs: readonly { readonly totalMs: number }[], share: number) =>
  tenths(
    percentile(
      runs.map(({ totalMs }) => totalMs),
      share,
    ),
  );
const result = {
  bench: 'overhead',
  p50Ms: total(nodeRuns, 0.5),
  p95Ms: total(nodeRuns, 0.95),
  floorP50Ms: total(floorRuns, 0.5),
  floorP95Ms: total(floorRuns, 0.95),
};
const phase = <Phase extends string>(
  runs: readonly { readonly phases: Readonly<Record<Phase, number>> }[],
  name: Phase,
) => median(runs.map(({ phases }) => phases[name])).toFixed(1);

console.log(`the demo's job, ${jobs} times each way, in turns; milliseconds`);
console.log(`${machine()}; store synchronous=FULL, results fsynced\n`);
console.log(
  table([
    ['', 'p50', 'p95'],
    ['raw dockerode (floor)', String(result.floorP50Ms), String(result.floorP95Ms)],
    ['through the node', String(result.p50Ms), String(result.p95Ms)],
    ['ratio', (result.p50Ms / result.floorP50Ms).toFixed(2), (result.p95Ms / result.floorP95Ms).toFixed(2)],
  ]),
);
console.log('\nwhere the time goes (medians)\n');
console.log(table([['floor', 'ms'], ...FLOOR_PHASES.map((name) => [name, phase(floorRuns, name)])]));
console.log();
console.log(table([['node', 'ms'], ...NODE_PHASES.map((name) => [name, phase(nodeRuns, name)])]));
console.log(`\n${JSON.stringify(result)}`);
