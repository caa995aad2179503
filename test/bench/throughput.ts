/**
 * Jobs a second in a closed loop with a trivial algorithm, at 2, 4 and 8 places: through the node, and by raw dockerode doing the same at
 * the same parallelism, in turns. `-- --jobs 2000` sends so many through the node alone, one after the other in four places, and looks
 * whether they get slower or the services larger. `-- --calls` counts what a job asks of the engine.
 */
import { engineSocket, leftoversOf, removeLeftovers } from '../../scripts/parts/engine.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { machine } from './machine.ts';
import { showCalls } from './throughput/calls.ts';
import { compare } from './throughput/compare.ts';
import { endure } from './throughput/endure.ts';
import { countEngineCalls } from './throughput/engine-calls.ts';
import { startSubject } from './throughput/subject.ts';

const PLACES = [2, 4, 8] as const;

const USAGE = `usage: npm run bench:throughput -- [--rounds N] | --jobs N | --calls
  --rounds N   rounds of a few seconds each way, for each number of places; 5 if not given
  --jobs N     so many jobs in a row through the node alone, at 4 places
  --calls      what a job asks of the engine, each way`;

const { values } = readCommandLine(USAGE, {
  options: {
    rounds: { type: 'string', default: '5' },
    jobs: { type: 'string', default: '0' },
    calls: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [rounds, jobs] = [Number(values.rounds), Number(values.jobs)];
if (values.help || !Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(jobs) || jobs < 0) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}

const id = `bench-${process.pid}`;
await using releases = new AsyncDisposableStack();
const { path: dir } = releases.use(await temporaryFolder('bench'));
releases.defer(async () => removeLeftovers(await leftoversOf((runnerId) => runnerId === id)));
const counted = async (name: string) => releases.use(await countEngineCalls(dir, name));
const calls = values.calls ? { node: await counted('node'), raw: await counted('raw') } : undefined;
const sockets = { node: calls?.node.socket ?? engineSocket(), raw: calls?.raw.socket ?? engineSocket() };
const subject = releases.use(await startSubject({ dir, id, places: PLACES, sockets }));

console.log(`${machine()}; store synchronous=FULL, results fsynced\n`);
const result = calls
  ? await showCalls(subject, calls)
  : jobs > 0
    ? await endure(subject, { jobs, places: 4 })
    : await compare(subject, { places: PLACES, rounds });
console.log(`\n${JSON.stringify({ bench: 'throughput', ...result })}`);
