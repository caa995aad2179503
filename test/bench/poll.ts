/**
 * What legacy clients do all day: `GET compute?jobId=`, with 1,000 and with 1,000,000 jobs stored, with If-None-Match, and all jobs of an
 * owner, each beside a bare Koa route that returns a constant of the same size. One run, in turns, a client in a
 * process of its own. `npm run bench:poll -- --jobs 100000`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadOrCreateNodeKey } from '@capstan/shared/crypto/node-key';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { machine } from './machine.ts';
import { bareServer, gatewayOn, type Served } from './parts.ts';
import { fillStore, JOBS_OF_OWNER, OWNER } from './poll/fill.ts';
import { median, table } from './stats.ts';
import { wrk } from './wrk.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';

const ROUNDS = 5;
const CONNECTIONS = 32;
const COMPUTE = '/api/services/compute';

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
  /** A file with what is asked for, line by line. */
  readonly paths: string;
  readonly rates: number[];
}

await using releases = new AsyncDisposableStack();
const folder = releases.use(await temporaryFolder('bench-poll'));
let files = 0;
const ofJob = (id: string) => `${COMPUTE}?jobId=${id}`;

async function gatewayWith(count: number, name: string): Promise<Subject> {
  const dataDir = join(folder.path, name);
  mkdirSync(join(dataDir, 'store'), { recursive: true });
  // A node has its key before it has a store.
  await loadOrCreateNodeKey(join(dataDir, 'node.key'));
  const ids = fillStore(join(dataDir, 'store', 'capstan.db'), count);
  return subject(`${count.toLocaleString('en')} jobs`, kept(await gatewayOn(dataDir)), ids.map(ofJob));
}

async function bareKoa(name: string, answer: string, lines: readonly string[]): Promise<Subject> {
  const served = await bareServer(join(import.meta.dirname, 'poll', 'bare-koa.ts'), Buffer.byteLength(answer));
  return subject(name, kept(served), lines);
}

function kept({ url, program }: Served): string {
  releases.defer(async () => void (await program.stop()));
  return url;
}

function subject(name: string, url: string, lines: readonly string[]): Subject {
  const paths = join(folder.path, `paths-${(files += 1)}`);
  writeFileSync(paths, `${lines.join('\n')}\n`);
  return { name, url, paths, rates: [] };
}

const few = await gatewayWith(1_000, 'few');
const large = await gatewayWith(many, 'many');
const lines = readFileSync(few.paths, 'utf8').trim().split('\n');
const answers = await Promise.all(lines.map((path) => fetch(few.url + path)));
const [sample = ''] = await Promise.all(answers.map((answer) => answer.text()));
const withTags = lines.map((path, at) => `${path}\t${answers[at]?.headers.get('etag') ?? ''}`);
const conditional = subject('1,000 jobs, If-None-Match', few.url, withTags);
const ofOwner = [`${COMPUTE}?consumerAddress=${OWNER}`];
const list = subject(`an owner's ${JOBS_OF_OWNER} jobs`, few.url, ofOwner);
const listed = await (await fetch(`${few.url}${ofOwner.join('')}`)).text();
if ((JSON.parse(listed) as unknown[]).length !== JOBS_OF_OWNER) throw new Error('The list is not whole.');
const koa = await bareKoa('bare Koa, a constant', sample, lines);
const koaList = await bareKoa('bare Koa, a constant as long as the list', listed, ofOwner);
const subjects = [koa, few, large, conditional, koaList, list];

for (let round = -1; round < ROUNDS; round += 1) {
  for (const one of subjects) {
    const { perSecond } = await wrk({
      url: one.url,
      connections: CONNECTIONS,
      seconds: round < 0 ? 2 : seconds,
      script: join(import.meta.dirname, 'poll', 'poll.lua'),
      environment: { POLL_PATHS: one.paths },
    });
    // The first round warms up.
    if (round >= 0) one.rates.push(perSecond);
  }
}

const rate = ({ rates }: Subject) => median(rates);
const floorOf = (one: Subject) => (one === list || one === koaList ? koaList : koa);
const share = (a: Subject, b: Subject) => Math.round((rate(a) / rate(b)) * 1000) / 1000;
console.log(
  `GET compute?jobId=, ${sample.length} bytes each, a list of ${listed.length}, ${CONNECTIONS} connections, ${ROUNDS} rounds of ${seconds} s in turns`,
);
console.log(`${machine()}\n`);
console.log(
  table([
    ['', 'requests/s', 'of bare Koa'],
    ...subjects.map((one) => [one.name, String(Math.round(rate(one))), share(one, floorOf(one)).toFixed(2)]),
  ]),
);
console.log(
  `\n${JSON.stringify({ bench: 'poll', ratioToBareKoa: share(few, koa), millionToThousand: share(large, few), conditionalToBareKoa: share(conditional, koa), listToConstant: share(list, koaList) })}`,
);
