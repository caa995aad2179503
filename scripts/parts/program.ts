/** A program that runs beside us: line by line what it says, how it ended, and nothing left of it when we are gone. */
import { spawn } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createMailbox, type Wait } from './mailbox.ts';

/** How long a program may take to end by itself once it was asked to. */
const STOP_LIMIT_MS = 30_000;
const KEPT_LINES = 200;

/** Hears the name of each program that is started. */
export const STARTED = channel('capstan.program.started');

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type LineListener = (line: string, from: 'stdout' | 'stderr') => void;

export interface Program {
  readonly name: string;
  readonly pid: number;
  /** Settles when it has ended and everything it said was heard. */
  readonly exited: Promise<Exit>;
  /** The last lines it said. */
  lastLines(count?: number): readonly string[];
  /** The first line, said already or from now on, that matches. Fails when the program ends, or at the limit. */
  until<R>(wait: Wait<string, R>): Promise<R>;
  /** Asks it to end (SIGTERM) and waits. Harmless when it has ended. */
  stop(): Promise<Exit>;
  /** Ends it at once (SIGKILL), without a chance to tidy up, and waits. */
  kill(): Promise<Exit>;
}

export interface ProgramOptions {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly environment: NodeJS.ProcessEnv;
  readonly workingDir?: string;
  readonly onLine?: LineListener;
}

export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { name, onLine } = options;
  const [executable, ...args] = [...endsWithUs(), ...options.command];
  const child = spawn(executable ?? '', args, {
    env: options.environment,
    ...(options.workingDir === undefined ? {} : { cwd: options.workingDir }),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: a terminal's Ctrl-C comes to us, and we stop our parts in their order.
    detached: true,
  });
  const said = createMailbox<string>({ name, keep: KEPT_LINES, show: (line) => line });
  const hear = (from: 'stdout' | 'stderr') => (line: string) => {
    said.put(line);
    onLine?.(line, from);
  };
  createInterface({ input: child.stdout }).on('line', hear('stdout'));
  createInterface({ input: child.stderr }).on('line', hear('stderr'));
  const exited = new Promise<Exit>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  await once(child, 'spawn');
  STARTED.publish(name);

  void exited.then(({ code, signal }) => said.end(`ended with ${signal ?? `exit code ${code}`}`));

  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const tooLong = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    try {
      return await exited;
    } finally {
      clearTimeout(tooLong);
    }
  };

  return {
    name,
    pid: child.pid ?? -1,
    exited,
    lastLines: (count = 15) => said.items().slice(-count),
    until: (wait) => said.first(wait),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** Where Linux can do it, the program is told to end when we do, even when we are killed. */
function endsWithUs(): readonly string[] {
  const setpriv = findProgram('setpriv');
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'TERM', '--'];
}

export function findProgram(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
