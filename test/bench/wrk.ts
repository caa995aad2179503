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

/** Requests a second. Fails if any answer was not a success. */
export async function wrk({ url, connections, seconds, script, environment = {} }: Load): Promise<number> {
  const program = await startProgram({
    name: 'wrk',
    command: ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url],
    environment: { ...process.env, ...environment },
  });
  const { code } = await program.exited;
  const output = program.lastLines(50).join('\n');
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output)?.[1];
  if (code !== 0 || rate === undefined || /Non-2xx|Socket errors/.test(output))
    throw new Error(`wrk failed:\n${output}`);
  return Number(rate);
}
