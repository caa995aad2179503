/**
 * What legacy clients do all day: `GET compute?jobId=`, with 1,000 and with 1,000,000 jobs stored, beside a bare Koa route that returns a
 * constant of the same size. One run, in turns, a client in a process of its own. `npm run bench:poll -- --jobs 100000`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadOrCreateNodeKey } from '@capstan/shared/crypto/node-key';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { machine } from './machine.ts';
import { bareServer, gatewayOn, type Served } from './parts.ts';
import { fillStore } from './poll/fill.ts';
import { median, table } from './stats.ts';
import { wrk } from './wrk.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';

const ROUNDS = 5;
const CONNECTIONS = 32;

const USAGE =
  'usage: npm run bench:poll -- [--jobs N] [--seconds S]   N jobs in the large store, S seconds a measurement';

const { values } = readCommandLine(USAGE, {
  options: {
    jobs: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '4' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
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

async function gatewayWith(count: number, name: string): Promise<Subject> {
  const dataDir = join(folder.path, name);
  mkdirSync(join(dataDir, 'store'), { recursive: true });
  // A node has its key before it has a store.
  await loadOrCreateNodeKey(join(dataDir, 'node.key'));
  const ids = join(dataDir, 'ids');
  writeFileSync(ids, `${fillStore(join(dataDir, 'store', 'capstan.db'), count).join('\n')}\n`);
  return subject(`${count.toLocaleString('en')} jobs`, await gatewayOn(dataDir), ids);
}

function subject(name: string, { url, program }: Served, ids: string): Subject {
  releases.defer(async () => void (await program.stop()));
  return { name, url, ids, rates: [] };
}

const few = await gatewayWith(1_000, 'few');
const large = await gatewayWith(many, 'many');
const [id = ''] = readFileSync(few.ids, 'utf8').split('\n');
const sample = await (await fetch(`${few.url}/api/services/compute?jobId=${id}`)).text();
const bare = await bareServer(join(import.meta.dirname, 'poll', 'bare-koa.ts'), Buffer.byteLength(sample));
const koa = subject('bare Koa, a constant', bare, few.ids);
const subjects = [koa, few, large];

for (let round = -1; round < ROUNDS; round += 1) {
  for (const one of subjects) {
    const { perSecond } = await wrk({
      url: one.url,
      connections: CONNECTIONS,
      seconds: round < 0 ? 2 : seconds,
      script: join(import.meta.dirname, 'poll', 'poll.lua'),
      environment: { POLL_IDS: one.ids },
    });
    // The first round warms up.
    if (round >= 0) one.rates.push(perSecond);
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
    ...subjects.map((one) => [one.name, String(Math.round(rate(one))), share(one, koa).toFixed(2)]),
  ]),
);
console.log(
  `\n${JSON.stringify({ bench: 'poll', ratioToBareKoa: share(few, koa), millionToThousand: share(large, few) })}`,
);
