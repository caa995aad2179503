/** The real curl. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { StatusObject } from '@capstan/shared/contract/api';

const run = promisify(execFile);

export interface CurlAnswer {
  readonly status: number;
  readonly body: string;
  /** The body as JSON, as the jobs that most routes answer with. */
  jobs(): readonly StatusObject[];
}

/** Runs it with these arguments and returns what the server answered. */
export async function curl(...args: readonly string[]): Promise<CurlAnswer> {
  const { stdout } = await run('curl', ['--silent', '--show-error', '--write-out', '\n%{http_code}', ...args]);
  const end = stdout.lastIndexOf('\n');
  const body = stdout.slice(0, end);
  return { status: Number(stdout.slice(end + 1)), body, jobs: () => JSON.parse(body) as StatusObject[] };
}

/** A JSON body, as people pass one to curl. */
export function json(body: object): readonly string[] {
  return ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)];
}
