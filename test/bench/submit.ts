/**
 * Signed orders accepted durably, by 1 and by 32 clients at once, beside the store's own commit rate and bare Koa with a JSON body. One
 * run, in turns, the clients in a process of their own. `npm run bench:submit -- --seconds 5`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address, Nonce } from '@capstan/shared/contract/ids';
import { demoOrder } from '../../scripts/demo/assets.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { openStore } from '../../services/gateway/src/store/store.ts';
import { ENVIRONMENT } from '../support/gateway/parts.ts';
import { machine } from './machine.ts';
import { bareServer, fillFor, gatewayOn, type Served } from './parts.ts';
import { median, table, tenths } from './stats.ts';
import { signedOrder } from './submit/orders.ts';
import { wrk, type Measured } from './wrk.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';

const ROUNDS = 3;
const CLIENTS = 32;
/** More than any node here takes in a second: none may be sent twice. */
const ORDERS_PER_SECOND = { one: 2_500, many: 6_000 };

const USAGE = 'usage: npm run bench:submit -- [--seconds S]   S seconds a measurement';

const { values } = readCommandLine(USAGE, {
  options: { seconds: { type: 'string', default: '4' }, help: { type: 'boolean', short: 'h', default: false } },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const seconds = Number(values.seconds);

await using releases = new AsyncDisposableStack();
const folder = releases.use(await temporaryFolder('bench-submit'));
const dataDir = folder.path;
const assets = await fillFor(dataDir);

const keep = ({ url, program }: Served) => {
  releases.defer(async () => void (await program.stop()));
  return url;
};
const node = keep(await gatewayOn(dataDir));
const sample = await fetch(`${node}/api/services/compute`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: signedOrder(demoOrder(assets, ENVIRONMENT.id)),
});
if (!sample.ok) throw new Error(`The node answered ${sample.status}: ${await sample.text()}`);
const answerBytes = Buffer.byteLength(await sample.text());
const koa = keep(await bareServer(join(import.meta.dirname, 'submit', 'bare-koa.ts'), answerBytes));

const measured = { one: [] as Measured[], many: [] as Measured[], koa: [] as Measured[], commits: [] as number[] };
for (let round = 0; round < ROUNDS; round += 1) {
  measured.one.push(await load(node, 1, ORDERS_PER_SECOND.one));
  measured.many.push(await load(node, CLIENTS, ORDERS_PER_SECOND.many));
  measured.koa.push(await load(koa, CLIENTS, ORDERS_PER_SECOND.many * 6));
  measured.commits.push(await commitsPerSecond());
}

const perSecond = (runs: readonly Measured[]) => Math.round(median(runs.map((run) => run.perSecond)));
const p99 = (runs: readonly Measured[]) => tenths(median(runs.map(({ p99Ms }) => p99Ms)));
const result = {
  bench: 'submit',
  perSecond1: perSecond(measured.one),
  perSecond32: perSecond(measured.many),
  p99Ms32: p99(measured.many),
  storeCommitsPerSecond: Math.round(median(measured.commits)),
  bareKoaPerSecond: perSecond(measured.koa),
};
console.log(`signed orders, on the disk before the answer; ${ROUNDS} rounds of ${seconds} s in turns, medians`);
console.log(`${machine()}; store synchronous=FULL, group commit\n`);
console.log(
  table([
    ['', 'a second', 'p99 ms'],
    ['1 client', String(result.perSecond1), String(p99(measured.one))],
    [`${CLIENTS} clients`, String(result.perSecond32), String(result.p99Ms32)],
    [`bare Koa, JSON body, ${CLIENTS} clients`, String(result.bareKoaPerSecond), String(p99(measured.koa))],
    ['commits of the store, one by one', String(result.storeCommitsPerSecond), ''],
  ]),
);
console.log(`\n${JSON.stringify(result)}`);

async function load(url: string, connections: number, ordersPerSecond: number): Promise<Measured> {
  const file = join(folder.path, 'orders');
  const bodies = url === node ? freshOrders(ordersPerSecond * seconds) : sameOrder(ordersPerSecond * seconds);
  writeFileSync(file, `${bodies.join('\n')}\n`);
  return wrk({
    url,
    connections,
    seconds,
    script: join(import.meta.dirname, 'submit', 'post.lua'),
    environment: { SUBMIT_BODIES: file },
  });
}

function freshOrders(count: number): readonly string[] {
  return Array.from({ length: count }, () => signedOrder(demoOrder(assets, ENVIRONMENT.id)));
}

/** Bare Koa does not mind. */
function sameOrder(count: number): readonly string[] {
  return Array.from<string>({ length: count }).fill(signedOrder(demoOrder(assets, ENVIRONMENT.id)));
}

async function commitsPerSecond(): Promise<number> {
  const own = openStore(join(dataDir, 'commits', 'capstan.db'));
  const address = `0x${'1'.repeat(40)}` as Address;
  const before = performance.now();
  let commits = 0;
  while (performance.now() - before < 2_000) {
    commits += 1;
    await own.write(() => own.nonces.use(address, String(commits) as Nonce));
  }
  const elapsedS = (performance.now() - before) / 1000;
  own.close();
  return commits / elapsedS;
}
