/** A container registry of our own on this machine: Debian's docker-registry, with or without a login. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { startProgram } from './program.ts';

export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:<port>`: engines trust this machine without TLS. */
  readonly host: string;
  readonly login: RegistryLogin | undefined;
}

interface RegistryOptions {
  readonly dir: string;
  /** Who may push and pull; anyone if absent. */
  readonly login?: RegistryLogin;
}

const START_LIMIT_MS = 60_000;

export async function startRegistry({ dir, login }: RegistryOptions): Promise<Registry> {
  await mkdir(dir, { recursive: true });
  const host = `127.0.0.1:${await freePort()}`;
  const config = {
    version: '0.1',
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: join(dir, 'data') } },
    http: { addr: host },
    ...(login ? { auth: { htpasswd: { realm: 'registry', path: join(dir, 'htpasswd') } } } : {}),
  };
  if (login) {
    const { stdout } = await promisify(execFile)('htpasswd', ['-Bbn', login.username, login.password]);
    await writeFile(join(dir, 'htpasswd'), stdout, { mode: 0o600 });
  }
  // JSON is YAML.
  await writeFile(join(dir, 'config.yml'), JSON.stringify(config));
  const program = await startProgram({
    name: 'docker-registry',
    command: ['docker-registry', 'serve', join(dir, 'config.yml')],
    environment: process.env,
  });
  await program.until({
    match: (line) => (line.includes('listening on') ? true : undefined),
    what: 'a listening registry',
    limitMs: START_LIMIT_MS,
  });
  return {
    host,
    login,
    async [Symbol.asyncDispose]() {
      await program.stop();
    },
  };
}
