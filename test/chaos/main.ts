/** `npm run chaos`: a real node under work and faults for a while, and then the auditor. */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { interruptions } from '../../scripts/parts/until-signal.ts';
import { placesIn } from '../support/audit/traces/audit-folder.ts';
import { readTraces } from '../support/audit/traces/entries.ts';
import { verdictLine } from '../support/audit/traces/verdict-line.ts';
import { FAULTS } from './faults/list.ts';
import { faultTable } from './report.ts';
import { runChaos } from './run.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';

const USAGE = `usage: npm run chaos -- [--minutes N] [--seed S] [--faults F1,F4] [--keep]

Starts a node with a NATS, an engine and small disks of its own, lets consumers work with it, and breaks it in many ways for N minutes (2), in an order that follows
from the seed (by chance). When the time is over, everything is healed, all jobs have to come to their ends, and the auditor reads what clients were told, the store, the
engine and the results. Takes root. Ctrl-C ends the run early, with its verdict.

  --faults   only these, by number: ${[...new Set(FAULTS.map(({ id }) => id))].join(', ')}
  --keep     keeps the folder of the run, for npm run audit; one that found something is kept anyway

The last line is one JSON object; the exit code is 1 if anything was found.`;

process.exitCode = await main().catch((error: unknown) => {
  // Else those who listen for mistakes of the run would take it, and nobody would hear of it.
  console.error(error);
  return 1;
});

async function main(): Promise<number> {
  const options = parse();
  if (!options) return 2;
  if (options === 'help') return 0;
  if (process.getuid?.() !== 0) {
    console.error('An engine and disks of its own take root: sudo npm run chaos');
    return 1;
  }
  const { minutes, seed, faults, isKept } = options;
  const begun = performance.now();
  const say = (line: string) => console.log(`${clockOf(performance.now() - begun)} ${line}`);
  const { path } = await temporaryFolder('chaos', { isKept: true });
  const logs = createWriteStream(join(path, 'node.log'));
  say(`seed ${seed}, ${minutes} minutes, in ${path}`);
  const { signal, failures } = interrupted();
  // One that ends early is told as what it was.
  const ran = { minutes };
  signal.addEventListener('abort', () => (ran.minutes = Math.round((performance.now() - begun) / 6_000) / 10));
  const verdict = await runChaos({
    dir: path,
    minutes,
    seed,
    isMeant: ({ id }) => faults === undefined || faults.includes(id),
    say,
    onLog: (name, line) => logs.write(`${new Date().toISOString()} ${name}: ${line}\n`),
    signal,
  });
  logs.end();
  const violations = [...verdict.violations, ...failures];
  for (const row of faultTable(readTraces(placesIn(path).traces, 'faults'))) console.log(row);
  for (const violation of violations) console.log(violation);
  if (isKept || violations.length > 0) console.log(`kept: npm run audit -- ${path}`);
  else await rm(path, { recursive: true, force: true });
  console.log(verdictLine({ ...verdict, violations }));
  const { jobs } = verdict;
  console.log(
    JSON.stringify({ chaos: 'node', seed, ...ran, jobs, faults: verdict.faults, violations: violations.length }),
  );
  return violations.length === 0 ? 0 : 1;
}

/** Ctrl-C, or a mistake of the run's own: it ends early, and still takes down all that it has started. */
function interrupted(): { readonly signal: AbortSignal; readonly failures: readonly string[] } {
  const failed = new AbortController();
  const failures: string[] = [];
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      failures.push(
        `the run itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      failed.abort(error);
    });
  }
  return { signal: AbortSignal.any([interruptions(), failed.signal]), failures };
}

function parse() {
  const { values } = readCommandLine(USAGE, {
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      faults: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  const faults = values.faults?.split(',').map((id) => id.trim().toUpperCase());
  const areKnown = faults?.every((id) => FAULTS.some((fault) => fault.id === id)) ?? true;
  const isRight = minutes > 0 && Number.isInteger(seed) && areKnown;
  if (isRight && !values.help) return { minutes, seed, faults, isKept: values.keep };
  console.log(USAGE);
  return values.help ? 'help' : undefined;
}

function clockOf(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}
