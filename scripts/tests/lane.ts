/** A lane: a process with a mocha of its own, which runs test files one after another as they are given to it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../parts/service.ts';

/** To the lane. */
export interface LaneTask {
  readonly file: string;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** From the lane, once per file. */
export interface LaneResult extends Counts {
  /** What failed and why, as mocha words it. */
  readonly failures: string;
  /** How often a gateway or a runner was started. */
  readonly starts: number;
}

export interface FileResult extends LaneResult {
  readonly file: string;
  /** Which lane ran it. */
  readonly lane: string;
  readonly seconds: number;
  /** Of the processor: of the lane and of the processes that it started and that have ended; not of the engine. */
  readonly busySeconds: number;
  /** All that was said meanwhile, on stdout and stderr. */
  readonly output: string;
}

export interface Lane {
  run(file: string): Promise<FileResult>;
  /** Lets it end; resolves once it has. */
  end(): Promise<void>;
  interrupt(signal: NodeJS.Signals): void;
}

const PROGRAM = join(ROOT, 'test', 'support', 'lanes', 'lane.ts');
/** A lane has nothing to do any more when it is told to end, but to write down what it covered. */
const END_LIMIT_MS = 30_000;

interface LaneOptions {
  readonly name: string;
  /** Where its output goes: into a file, so that nothing of it is lost or out of order, whoever writes it. */
  readonly outputFile: string;
  /** Mocha's. */
  readonly options: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

export function createLane({ name, outputFile, options, variables }: LaneOptions): Lane {
  let running: ChildProcess | undefined;
  const start = () => {
    const output = openSync(outputFile, 'a');
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, ...options], {
      cwd: ROOT,
      env: { ...process.env, ...variables },
      stdio: ['ignore', output, output, 'ipc'],
    });
    closeSync(output);
    return child;
  };
  return {
    async run(file) {
      // One that a test has ended is replaced.
      if (running?.exitCode !== null || running.signalCode !== null) running = start();
      const begin = statSync(outputFile).size;
      const beganMs = performance.now();
      const busyBefore = busySecondsOf(running);
      const result = await answerOf(running, { file });
      const output = readFileSync(outputFile).subarray(begin).toString('utf8');
      const seconds = (performance.now() - beganMs) / 1_000;
      const busySeconds = Math.max(0, busySecondsOf(running) - busyBefore);
      return { file, lane: name, seconds, busySeconds, output, ...result };
    },
    async end() {
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const ended = once(running, 'exit');
      running.disconnect();
      const tooLong = setTimeout(() => running?.kill('SIGKILL'), END_LIMIT_MS);
      await ended;
      clearTimeout(tooLong);
    },
    interrupt: (signal) => void running?.kill(signal),
  };
}

/** A lane that ends before it answers has failed with this file. */
async function answerOf(lane: ChildProcess, task: LaneTask): Promise<LaneResult> {
  const { promise, resolve } = Promise.withResolvers<LaneResult>();
  const onExit = (code: number | null, signal: NodeJS.Signals | null) => {
    const failures = `  The process of this lane ended with ${signal ?? `exit code ${code}`} before the file was through.\n`;
    resolve({ passed: 0, failed: 1, skipped: 0, failures, starts: 0 });
  };
  const onAnswer = (result: unknown) => resolve(result as LaneResult);
  lane.once('exit', onExit).once('message', onAnswer);
  lane.send(task);
  try {
    return await promise;
  } finally {
    lane.off('exit', onExit).off('message', onAnswer);
  }
}

/** Of Linux's `proc(5)`: utime, stime, cutime and cstime, in hundredths of a second; 0 where it can't be known. */
function busySecondsOf({ pid }: ChildProcess): number {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '';
    const times = afterName.split(' ').slice(11, 15).map(Number);
    return times.reduce((sum, time) => sum + time, 0) / 100;
  } catch {
    return 0;
  }
}
