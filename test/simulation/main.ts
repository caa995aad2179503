/** `npm run simulate`: searches schedules for one that breaks a rule, or replays one. */
import { BUGS, type Bug } from './planted/bugs.ts';
import { SOUND } from './planted/wiring.ts';
import { report, search } from './search.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';

const USAGE = `usage: npm run simulate -- [options]

Drives gateway and runner in one process through schedules of crashes, cuts, delays and losses, and checks what must always hold.

  --seeds N      how many schedules (1000)
  --seed S       where to begin; by chance if not given
  --runners N    1, or 2 or 3 that share the environment (1)
  --path P       only the one that a report names, with its seed
  --bug NAME     puts a known mistake back in: ${Object.keys(BUGS).join(', ')}`;

const isBug = (name: string): name is Bug => Object.hasOwn(BUGS, name);

process.exitCode = await main();

async function main(): Promise<number> {
  const options = parse();
  if (options === 'help') return 0;
  if (!options) return 2;
  const { seed, count, runners, path, bug } = options;
  const before = performance.now();
  const seen = { schedules: 0, jobs: 0, simulatedMs: 0 };
  const found = await search({
    seed,
    schedules: count,
    runners,
    path,
    wiring: bug === undefined ? SOUND : BUGS[bug],
    onSchedule({ jobs, simulatedMs }) {
      seen.schedules += 1;
      seen.jobs += jobs;
      seen.simulatedMs += simulatedMs;
    },
  });
  if (found) console.log(report(found, bug));
  const minutes = (performance.now() - before) / 60_000;
  const summary = [
    `seed ${seed}: ${seen.schedules} schedules with ${seen.jobs} jobs`,
    `${Math.round(seen.simulatedMs / 3_600_000)} simulated hours`,
    `${Math.round(seen.schedules / minutes)} schedules a minute`,
    found ? `${found.violations.length} violations` : '0 violations',
  ];
  console.log(summary.join(', '));
  return found ? 1 : 0;
}

function parse() {
  const { values } = readCommandLine(USAGE, {
    options: {
      seeds: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      runners: { type: 'string', default: '1' },
      path: { type: 'string' },
      bug: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { path, bug } = values;
  const [count, seed] = [Number(values.seeds), Number(values.seed)];
  const runners = ([1, 2, 3] as const).find((number) => String(number) === values.runners);
  const isRight = Number.isInteger(count) && count > 0 && Number.isInteger(seed) && (bug === undefined || isBug(bug));
  if (isRight && runners && !values.help) return { count, seed, runners, path, bug };
  console.log(USAGE);
  return values.help ? 'help' : undefined;
}
