import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

// A user's PATH on Debian lacks the folders where daemons live.
const DAEMON_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/sbin'];

/** `env` with the folders of daemons on its PATH, so that whoever we start finds them too. */
export function withDaemonFolders(env) {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  const missing = DAEMON_FOLDERS.filter((folder) => !folders.includes(folder));
  return { ...env, PATH: [...folders, ...missing].join(delimiter) };
}

/** The full path of a program, or undefined. */
export function findProgram(name) {
  const folders = withDaemonFolders(process.env).PATH.split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * Runs a program to its end, keeps what it printed, and doesn't judge its exit code.
 * @param killSignal what it gets when `signal` fires; for one that goes on after a SIGTERM, SIGKILL
 * @returns {Promise<{ code: number, output: string }>} code is 127 if there is no such program
 */
export function run(command, { signal, killSignal, env = process.env, cwd, stdin = 'ignore' } = {}) {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command;
    const child = spawn(program, args, {
      cwd,
      env: withDaemonFolders(env),
      signal,
      killSignal,
      stdio: [stdin, 'pipe', 'pipe'],
    });
    const chunks = [];
    const end = (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8').trim() });
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => (error.code === 'ENOENT' ? end(127) : reject(error)));
    child.on('close', (code) => end(code ?? 1));
  });
}

/** The end of a long output, where the reason usually stands. */
export function lastLines(output, count = 12) {
  return output.split('\n').slice(-count).join('\n');
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
