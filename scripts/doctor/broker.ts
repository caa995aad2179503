/** NATS: there, with JetStream, and taking the login. Asked in its own plain protocol, so that nothing is made on it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Config } from '@capstan/shared/config/schema';
import { messageOf, systemCode } from '@capstan/shared/contract/errors';
import { findProgram } from '../parts/program.ts';
import { bad, ok, warn, type Finding } from './finding.ts';
import type { Check } from './check.ts';

const ABOUT = 'NATS';
const LIMIT_MS = 5_000;
const DEFAULT_PORT = 4222;
const SMALLEST_PAYLOAD = 1_000_000;
/** What an event, an announcement of one environment, and a command without code may take. */
const NEEDED_PAYLOAD = 8_192;

interface Info {
  readonly version: string;
  readonly max_payload: number;
  readonly jetstream?: boolean;
  readonly tls_required?: boolean;
}

export const checkBroker: Check = async ({ config, isNatsGiven }) => {
  if (!isNatsGiven) return [await checkOwn()];
  return (await Promise.all(config.nats.servers.map((server) => checkServer(server, config.nats)))).flat();
};

/** `npm start` runs one of its own where none is configured. */
async function checkOwn(): Promise<Finding> {
  const program = findProgram('nats-server');
  if (program === undefined) {
    return bad(
      ABOUT,
      'no nats.servers are set, and there is no nats-server to start',
      'apt-get install nats-server, or set nats.servers',
    );
  }
  const { stdout } = await promisify(execFile)(program, ['--version']);
  return ok(ABOUT, `npm start runs its own: ${stdout.trim()}`);
}

async function checkServer(server: string, login: Config['nats']): Promise<readonly Finding[]> {
  // What stands before an @ may be a password.
  const name = server.replace(/^[a-z]+:\/\//, '').replace(/^.*@/, '');
  const url = new URL(/^[a-z]+:\/\//.test(server) ? server : `nats://${server}`);
  try {
    const { info, answer } = await ask(url, login);
    return [...judge(name, info), ...judgeLogin(name, info, answer)];
  } catch (error) {
    const reason = systemCode(error) ?? messageOf(error);
    return [bad(ABOUT, `nothing answers on ${name} (${reason})`, 'start nats-server, or set nats.servers')];
  }
}

function judge(name: string, { version, jetstream, max_payload: payload }: Info): readonly Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isAtLeast = (wanted: number) => major > 2 || (major === 2 && minor >= wanted);
  if (!isAtLeast(9)) return [bad(ABOUT, `${name} is version ${version}`, 'take 2.9 or newer')];
  if (jetstream !== true)
    return [bad(ABOUT, `${name} has no JetStream`, 'start it with -js, or "jetstream: {}" in its configuration')];
  const sync = isAtLeast(10)
    ? 'sync_interval: always is possible'
    : 'too old for sync_interval, which is no harm: the store is the record';
  return [ok(ABOUT, `${name}: version ${version}, JetStream; ${sync}`), ...judgePayload(name, payload)];
}

function judgePayload(name: string, payload: number): readonly Finding[] {
  if (payload >= SMALLEST_PAYLOAD) return [];
  const remedy = 'set "max_payload: 1MB" in the configuration of its server (the default), and start it again';
  if (payload < NEEDED_PAYLOAD)
    return [
      bad(ABOUT, `${name} takes messages of ${payload} bytes at most: not even every event of a job fits`, remedy),
    ];
  const consequence = 'a job whose code and asset descriptions are more is refused, or ends if it was taken before';
  return [warn(ABOUT, `${name} takes messages of ${payload} bytes at most: ${consequence}`, remedy)];
}

function judgeLogin(name: string, { tls_required: isEncrypted }: Info, answer: string | undefined): readonly Finding[] {
  if (isEncrypted === true) return [ok(ABOUT, `${name} wants TLS; its login was not tried`)];
  if (answer?.startsWith('PONG')) return [];
  return [
    bad(ABOUT, `${name} does not take the login (${answer ?? 'no answer'})`, 'look at nats.user and nats.password'),
  ];
}

async function ask(url: URL, login: Config['nats']): Promise<{ info: Info; answer: string | undefined }> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const socket = connect(Number(url.port || DEFAULT_PORT), url.hostname);
  signal.addEventListener('abort', () => socket.destroy(new Error('no answer in time')), { once: true });
  try {
    await once(socket, 'connect');
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value ?? '';
    const info = JSON.parse((await next()).replace(/^INFO /, '')) as Info;
    if (info.tls_required === true) return { info, answer: undefined };
    const user = login.user ?? decodeURIComponent(url.username);
    const pass = login.password ?? decodeURIComponent(url.password);
    const options = { verbose: false, pedantic: false, name: 'doctor', ...(user ? { user, pass } : {}) };
    socket.write(`CONNECT ${JSON.stringify(options)}\r\nPING\r\n`);
    return { info, answer: await next() };
  } finally {
    socket.destroy();
  }
}
