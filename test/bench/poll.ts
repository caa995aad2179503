/**
 * What legacy clients do all day: `GET compute?jobId=`, with 1,000 and with 1,000,000 jobs stored, beside a bare Koa route that returns a
 * constant of the same size. One run, in turns, a client in a process of its own. `npm run bench:poll -- --jobs 100000`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../scripts/parts/free-port.ts';
import { withoutSettings } from '../../scripts/parts/node.ts';
import { startProgram, type Program } from '../../scripts/parts/program.ts';
import { startService } from '../../scripts/parts/service.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { machine } from './machine.ts';
import { fillStore } from './poll/fill.ts';
import { median, table } from './stats.ts';
import { wrk } from './wrk.ts';

const ROUNDS = 5;
const CONNECTIONS = 32;
const START_LIMIT_MS = 120_000;

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '4' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(
    'usage: npm run bench:poll -- [--jobs N] [--seconds S]   N jobs in the large store, S seconds a measurement',
  );
  process.exit(0);
}
const many = Number(values.jobs);
const seconds = Number(values.seconds);

interface Subject {
  readonly name: string;
  readonly url: string;
  readonly ids: string;
  readonly rates: number[];
}

await using releases = new AsyncDisposableStack();
const folder = releases.use(await temporaryFolder('bench-poll'));

async function gatewayWith(count: number): Promise<Subject> {
  const dataDir = join(folder.path, String(count));
  mkdirSync(join(dataDir, 'store'), { recursive: true });
  const ids = join(dataDir, 'ids');
  writeFileSync(ids, `${fillStore(join(dataDir, 'store', 'capstan.db'), count).join('\n')}\n`);
  const port = await freePort();
  const gateway = await startService({
    service: 'gateway',
    workingDir: dataDir,
    environment: {
      ...withoutSettings(process.env),
      CAPSTAN_DATA_DIR: dataDir,
      CAPSTAN_GATEWAY_PORT: String(port),
      CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0',
      // Nobody is there, and nobody is needed to be asked.
      CAPSTAN_NATS_SERVERS: `nats://127.0.0.1:${await freePort()}`,
    },
  });
  stopAtEnd(gateway);
  await gateway.untilLogged('listening', START_LIMIT_MS);
  return { name: `${count.toLocaleString('en')} jobs`, url: `http://127.0.0.1:${port}`, ids, rates: [] };
}

async function bareKoa(bytes: number, ids: string): Promise<Subject> {
  const port = await freePort();
  const koa = await startProgram({
    name: 'bare Koa',
    command: [process.execPath, join(import.meta.dirname, 'poll', 'bare-koa.ts'), String(port), String(bytes)],
    environment: process.env,
  });
  stopAtEnd(koa);
  await koa.until({ match: (line) => (line === 'listening' ? true : undefined), what: 'listening', limitMs: 10_000 });
  return { name: 'bare Koa, a constant', url: `http://127.0.0.1:${port}`, ids, rates: [] };
}

function stopAtEnd(program: Program): void {
  releases.defer(async () => void (await program.stop()));
}

const few = await gatewayWith(1_000);
const large = await gatewayWith(many);
const [id = ''] = readFileSync(few.ids, 'utf8').split('\n');
const sample = await (await fetch(`${few.url}/api/services/compute?jobId=${id}`)).text();
const koa = await bareKoa(Buffer.byteLength(sample), few.ids);
const subjects = [koa, few, large];

for (let round = -1; round < ROUNDS; round += 1) {
  for (const subject of subjects) {
    const rate = await wrk({
      url: subject.url,
      connections: CONNECTIONS,
      seconds: round < 0 ? 2 : seconds,
      script: join(import.meta.dirname, 'poll', 'poll.lua'),
      environment: { POLL_IDS: subject.ids },
    });
    // The first round warms up.
    if (round >= 0) subject.rates.push(rate);
  }
}

const rate = ({ rates }: Subject) => median(rates);
const share = (a: Subject, b: Subject) => Math.round((rate(a) / rate(b)) * 1000) / 1000;
console.log(
  `GET compute?jobId=, ${sample.length} bytes each, ${CONNECTIONS} connections, ${ROUNDS} rounds of ${seconds} s in turns`,
);
console.log(`${machine()}\n`);
console.log(
  table([
    ['', 'requests/s', 'of bare Koa'],
    ...subjects.map((subject) => [subject.name, String(Math.round(rate(subject))), share(subject, koa).toFixed(2)]),
  ]),
);
console.log(
  `\n${JSON.stringify({ bench: 'poll', ratioToBareKoa: share(few, koa), millionToThousand: share(large, few) })}`,
);
