/** `npm test`: every test there is, on real parts, with coverage; its last line says how many passed, failed and were skipped. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './parts/service.ts';

/** In this order: what fails fast comes first. */
const KINDS = ['unit', 'simulation', 'conformance', 'integration', 'e2e', 'clients'];
const COVERED = ['shared/src/**/*.ts', 'services/*/src/**/*.ts', 'scripts/**/*.ts'];
const USAGE = `usage: npm test -- [paths] [options of mocha]

Runs the tests of test/{${KINDS.join(',')}}, or of the paths given, on a real NATS server and a real Docker Engine. Prints the
coverage of all processes that took part (folder coverage/), and last of all one line with the counts.

  npm test -- --grep 'a stopped job'
  npm test -- test/e2e/job.test.ts

  SHOW_LOGS=1   also shows what gateway, runner and NATS log`;

const words = process.argv.slice(2);
if (words.includes('--help') || words.includes('-h')) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const coverageDir = join(ROOT, 'coverage');
  const rawDir = join(coverageDir, 'raw');
  const countsFile = join(coverageDir, 'counts.txt');
  await rm(coverageDir, { recursive: true, force: true });
  await mkdir(rawDir, { recursive: true });

  const isPathGiven = words.some((word) => /^(\.\/)?test\//.test(word));
  const code = await run(['mocha', 'bin', 'mocha.js'], {
    args: [
      '--recursive',
      '--reporter-option',
      `countsFile=${countsFile}`,
      ...words,
      ...(isPathGiven ? [] : allTests()),
    ],
    // Every Node process that starts from here on, gateway and runner too, writes what it covered when it ends.
    variables: { NODE_V8_COVERAGE: rawDir },
  });
  await run(['c8', 'bin', 'c8.js'], {
    args: [
      'report',
      `--temp-directory=${rawDir}`,
      `--reports-dir=${coverageDir}`,
      ...['text-summary', 'html', 'json-summary'].map((reporter) => `--reporter=${reporter}`),
      ...COVERED.map((pattern) => `--include=${pattern}`),
    ],
  });
  await rm(rawDir, { recursive: true, force: true });

  const counts = existsSync(countsFile) ? readFileSync(countsFile, 'utf8') : undefined;
  if (counts === undefined) console.error('mocha ended before it could run the tests; the reason stands above.');
  console.log(counts ?? '0 passed, 1 failed, 0 skipped');
  process.exitCode = code === 0 && counts !== undefined ? 0 : 1;
}

function allTests(): readonly string[] {
  return KINDS.map((kind) => join('test', kind))
    .filter((dir) => existsSync(join(ROOT, dir)))
    .map((dir) => join(dir, '**', '*.test.ts'));
}

interface Run {
  readonly args: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
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
