/** A load from a process of its own: wrk, which costs far less than what it asks. */
import { startProgram } from '../../scripts/parts/program.ts';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** A Lua script that makes the requests. */
  readonly script: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Measured {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** Fails if any answer was not a success. */
export async function wrk({ url, connections, seconds, script, environment = {} }: Load): Promise<Measured> {
  const program = await startProgram({
    name: 'wrk',
    command: ['wrk', '--latency', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url],
    environment: { ...process.env, ...environment },
  });
  const { code } = await program.exited;
  const output = program.lastLines(50).join('\n');
  const perSecond = /Requests\/sec:\s+([\d.]+)/.exec(output)?.[1];
  const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(output);
  if (code !== 0 || perSecond === undefined || p99 === null || /Non-2xx|Socket errors/.test(output)) {
    throw new Error(`wrk failed:\n${output}`);
  }
  return {
    perSecond: Number(perSecond),
    p99Ms: Number(p99[1]) * (p99[2] === 'us' ? 0.001 : p99[2] === 's' ? 1000 : 1),
  };
}
