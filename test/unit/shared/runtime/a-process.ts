/** A process of its own for what ends processes, or writes to their stdout. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a module's text until it ends. */
export function run(script: string, environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const root = resolve(import.meta.dirname, '../../../..');
  const options = { cwd: root, env: { ...process.env, ...environment }, timeout: 20_000 };
  return new Promise((done) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], options, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? -1) : 0;
      done({ code, stdout, stderr });
    });
  });
}
