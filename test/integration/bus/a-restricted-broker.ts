/** A NATS server under the settings of docker-compose.yml, with its users and what each may do. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, Events, type NatsConnection } from 'nats';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { startProgram } from '../../../scripts/parts/program.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

export type User = 'admin' | 'gateway' | 'runner';

export interface RestrictedBroker extends AsyncDisposable {
  readonly url: string;
  readonly dir: string;
  /** A raw client, as somebody who has that user's password would have one. */
  client(user: User): Promise<NatsConnection>;
  /** Settings of gateway or runner. */
  variables(user: 'gateway' | 'runner'): Readonly<Record<string, string>>;
  /** What the server refused, as it logs it. */
  violations(): readonly string[];
}

/** NATS servers to try: the one on PATH, and a newer one where NATS_SERVERS names it. */
export const SERVERS: readonly string[] = [
  'nats-server',
  ...(process.env['NATS_SERVERS'] ?? '').split(',').filter(Boolean),
];

export async function aRestrictedBroker(program: string = 'nats-server'): Promise<RestrictedBroker> {
  const releases = new AsyncDisposableStack();
  const { path: dir } = releases.use(await temporaryFolder('rights'));
  const port = await freePort();
  const url = `nats://127.0.0.1:${port}`;
  // As the compose file mounts them: the settings two folders below the secrets.
  const settings = join(dir, 'etc', 'capstan');
  await mkdir(join(dir, 'secrets'), { recursive: true });
  await cp(join(ROOT, 'services', 'nats'), settings, { recursive: true });
  const text = await readFile(join(settings, 'nats.conf'), 'utf8');
  await writeFile(
    join(settings, 'nats.conf'),
    text.replace('"0.0.0.0:4222"', `"127.0.0.1:${port}"`).replace(/^http:.*$/m, ''),
  );
  await writeFile(join(settings, 'jetstream.conf'), `jetstream: { store_dir: ${JSON.stringify(join(dir, 'js'))} }\n`);
  const passwords = ['ADMIN', 'GATEWAY', 'RUNNER'].map((user) => `${user}_PASSWORD: "of ${user.toLowerCase()}"`);
  await writeFile(join(dir, 'secrets', 'passwords.conf'), `${passwords.join('\n')}\n`);
  const violations: string[] = [];
  const server = await startProgram({
    name: 'nats-server',
    command: [program, '-c', join(settings, 'nats.conf')],
    environment: process.env,
    onLine: (line) => {
      if (/violation/i.test(line)) violations.push(line);
    },
  });
  releases.defer(async () => void (await server.stop()));
  await server.until({
    match: (line) => (line.includes('Server is ready') ? true : undefined),
    what: '"Server is ready"',
    limitMs: 60_000,
  });
  return {
    url,
    dir,
    violations: () => violations,
    async client(user) {
      const client = await connect({ servers: url, user, pass: `of ${user}`, inboxPrefix: `_INBOX_${user}` });
      releases.defer(() => client.close());
      return client;
    },
    variables: (user) => ({
      CAPSTAN_NATS_SERVERS: JSON.stringify([url]),
      CAPSTAN_NATS_USER: user,
      CAPSTAN_NATS_PASSWORD: `of ${user}`,
      ...(user === 'gateway' ? { CAPSTAN_NATS_ADMIN_USER: 'admin', CAPSTAN_NATS_ADMIN_PASSWORD: 'of admin' } : {}),
    }),
    [Symbol.asyncDispose]: () => releases.disposeAsync(),
  };
}

/** Whether the server lets this client say something there. It says no before it answers what comes after. */
export async function mayPublish(client: NatsConnection, subject: string, payload = '{}'): Promise<boolean> {
  return !(await refusals(client, () => client.publish(subject, payload, { reply: '_INBOX_nobody.x' }))).length;
}

export async function maySubscribe(client: NatsConnection, subject: string): Promise<boolean> {
  const refused = await refusals(client, () => void client.subscribe(subject, { callback: () => undefined }));
  return refused.length === 0;
}

async function refusals(client: NatsConnection, act: () => void): Promise<readonly string[]> {
  const found: string[] = [];
  const statuses = client.status();
  const hearing = (async () => {
    for await (const { type, data } of statuses) if (type === Events.Error) found.push(JSON.stringify(data));
  })();
  act();
  await client.flush();
  // What reads the refusal has its turn.
  await client.flush();
  (statuses as unknown as { stop(): void }).stop();
  await hearing;
  return found;
}
