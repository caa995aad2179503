/** A NATS server of our own: JetStream on, on this machine only, behind a password that nobody else knows. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startProgram, type LineListener, type Program } from './program.ts';

const START_LIMIT_MS = 60_000;

export interface NatsAccess {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export interface Nats extends NatsAccess, Program {
  readonly url: string;
}

interface NatsOptions {
  readonly dir: string;
  /** Where it was before, to come back there; a free port and a new password if absent. */
  readonly access?: NatsAccess;
  /** Further lines of its settings. */
  readonly settings?: readonly string[];
  readonly onLine?: LineListener;
}

/** Starts it and waits until it really takes connections. */
export async function startNats({ dir, access, settings: more = [], onLine }: NatsOptions): Promise<Nats> {
  const { port, user, password } = access ?? {
    port: await freePort(),
    user: 'capstan',
    password: randomBytes(24).toString('hex'),
  };
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const config = join(dir, 'nats.conf');
  const settings = [
    `listen: "127.0.0.1:${port}"`,
    `jetstream: { store_dir: ${JSON.stringify(join(dir, 'store'))} }`,
    `authorization: { user: ${user}, password: ${JSON.stringify(password)} }`,
    ...more,
  ];
  // In a file that only we can read: everyone can read a command line.
  await writeFile(config, `${settings.join('\n')}\n`, { mode: 0o600 });
  const program = await startProgram({
    name: 'nats-server',
    command: ['nats-server', '-c', config],
    environment: process.env,
    ...(onLine === undefined ? {} : { onLine }),
  });
  await program.until({
    match: (line) => (line.includes('Server is ready') ? true : undefined),
    what: '"Server is ready"',
    limitMs: START_LIMIT_MS,
  });
  await takesConnections(port);
  return { ...program, url: `nats://127.0.0.1:${port}`, port, user, password };
}

/** Deletes all that a stopped server kept, as if its disk had been lost. */
export async function wipeNats(dir: string): Promise<void> {
  await rm(join(dir, 'store'), { recursive: true, force: true });
}

/** The settings by which gateway and runner reach it. */
export function natsVariables({ url, user, password }: Nats): Readonly<Record<string, string>> {
  return { CAPSTAN_NATS_SERVERS: JSON.stringify([url]), CAPSTAN_NATS_USER: user, CAPSTAN_NATS_PASSWORD: password };
}

async function takesConnections(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  // The server speaks first: its INFO line.
  await once(socket, 'data', { signal: AbortSignal.timeout(START_LIMIT_MS) });
  socket.destroy();
  await once(socket, 'close');
}
