/** `npm test`: every test there is, on real parts; its last line says how many passed, failed and were skipped. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './parts/service.ts';
import { chooseFiles, KINDS, type Chosen } from './tests/choose.ts';
import { readOwnWords } from './tests/own-words.ts';
import { between, machineTime } from './tests/machine-time.ts';
import { areQuick, folderInMemory } from './tests/quick.ts';
import { showEnd, showResult, sumOf } from './tests/report.ts';
import { runLanes } from './tests/run-lanes.ts';
import { whichEngine } from './tests/which-engine.ts';

const COVERED = ['shared/src/**/*.ts', 'services/*/src/**/*.ts', 'scripts/**/*.ts'];
/** Tests wait for containers, servers and disks as long as they compute; a third of the quick ones' time is waiting, too. */
const LANES_PER_CORE = 2;
const MOST_LANES = 8;

const USAGE = `usage: npm test -- [paths] [--lanes n] [--engine socket] [--coverage] [options of mocha]

Runs the tests of test/{${KINDS.join(',')}}, or of the files and folders given, on a real NATS server and a real Docker Engine.
The files are divided over lanes, processes that run beside each other (two per core, unless --lanes says how many, and how busy each was
is told in the end); what a file says is printed when it has ended. Then the slowest files, all failures, and last of all one line with the counts. --coverage counts what
all processes that took part have run (folder coverage/); that takes a fifth longer. --engine names another engine than the machine's, for all tests and what they start; what
breaks an engine or fills its disk does so to a private one, started from the dockerd on PATH. The first line says which engine it is.

  npm run test:unit            the quick part, for before a commit: no engine, no server
  npm test -- --grep 'a stopped job'
  npm test -- test/e2e/job.test.ts test/unit/runner

  SHOW_LOGS=1   also shows what gateway, runner and NATS log`;

const words = process.argv.slice(2);
const coverageDir = join(ROOT, 'coverage');
const rawDir = join(coverageDir, 'raw');
const compiledDir = join(coverageDir, 'compiled');
/** For every Node process that starts from here on, gateway and runner too. */
const variablesOf = ({
  isCovered,
  temporary,
}: {
  readonly isCovered: boolean;
  readonly temporary?: string | undefined;
}) => ({
  ...(temporary === undefined ? {} : { TMPDIR: temporary }),
  // What it covered is written when it ends.
  ...(isCovered ? { NODE_V8_COVERAGE: rawDir } : {}),
  // And what it compiled: the tests start hundreds of gateways and runners, each of which would begin with compiling for a second. It is
  // kept for the next run.
  NODE_COMPILE_CACHE: compiledDir,
});

if (words.includes('--help') || words.includes('-h')) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const own = readOwnWords(words);
  const chosen = own.ok ? chooseFiles(own.rest, ROOT) : undefined;
  const problem = own.ok ? chosen?.unknown.map((path) => `There is no test at ${path}.`).join('\n') : own.problem;
  if (problem || !own.ok || !chosen) {
    console.error(`${problem}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (own.engine !== undefined) process.env.DOCKER_HOST = `unix://${own.engine}`;
  const isQuick = areQuick(chosen.files);
  if (!isQuick) console.log(`The tests run on ${await whichEngine()}.\n`);
  const lanesDir = join(coverageDir, isQuick ? 'quick' : 'lanes');
  for (const dir of own.isCovered ? [coverageDir] : [lanesDir]) await rm(dir, { recursive: true, force: true });
  await mkdir(own.isCovered ? rawDir : lanesDir, { recursive: true });

  await using temporary = isQuick ? await folderInMemory() : undefined;
  const variables = variablesOf({ isCovered: own.isCovered, temporary: temporary?.path });
  const counts = chosen.isPlain
    ? await runPlainly(chosen, variables)
    : await runInLanes(chosen, { variables, dir: lanesDir, lanes: own.lanes });
  if (own.isCovered) await reportCoverage();
  if (own.isCovered) await rm(rawDir, { recursive: true, force: true, maxRetries: 5 });
  if (counts === undefined) console.error('mocha ended before it could run the tests; the reason stands above.');
  console.log(counts ?? '0 passed, 1 failed, 0 skipped');
  if (counts === undefined) process.exitCode = 1;
}

type Variables = Readonly<Record<string, string>>;

interface LanesRun {
  readonly variables: Variables;
  readonly dir: string;
  readonly lanes: number | undefined;
}

async function runInLanes({ files, options }: Chosen, { variables, dir, lanes }: LanesRun): Promise<string> {
  const [beganMs, machineBefore] = [performance.now(), machineTime()];
  const results = await runLanes(files, {
    count: lanes ?? Math.min(MOST_LANES, LANES_PER_CORE * availableParallelism()),
    dir,
    options: [...options, ...(process.stdout.isTTY ? ['--color'] : [])],
    variables,
    onResult: showResult,
  });
  const seconds = (performance.now() - beganMs) / 1_000;
  showEnd(results, { seconds, machine: between(machineBefore, machineTime()) });
  const { passed, failed, skipped } = sumOf(results);
  if (failed > 0 || results.length < files.length) process.exitCode = 1;
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** One mocha on our terminal; resolves to its counts, if it came so far. */
async function runPlainly({ files, options }: Chosen, variables: Variables): Promise<string | undefined> {
  const countsFile = join(coverageDir, 'counts.txt');
  const code = await run(['mocha', 'bin', 'mocha.js'], {
    args: ['--reporter-option', `countsFile=${countsFile}`, ...options, ...files],
    variables,
  });
  if (code !== 0) process.exitCode = 1;
  return existsSync(countsFile) ? readFileSync(countsFile, 'utf8') : undefined;
}

async function reportCoverage(): Promise<void> {
  await run(['c8', 'bin', 'c8.js'], {
    args: [
      'report',
      `--temp-directory=${rawDir}`,
      `--reports-dir=${coverageDir}`,
      ...['text-summary', 'html', 'json-summary'].map((reporter) => `--reporter=${reporter}`),
      ...COVERED.map((pattern) => `--include=${pattern}`),
    ],
  });
}

interface Run {
  readonly args: readonly string[];
  readonly variables?: Variables;
}

/** Runs a program of node_modules on our terminal, and hands it the signals that end us. */
async function run(program: readonly string[], { args, variables = {} }: Run): Promise<number> {
  const child = spawn(process.execPath, [join(ROOT, 'node_modules', ...program), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...variables },
    stdio: 'inherit',
  });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, forward);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}
