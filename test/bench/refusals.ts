/**
 * What saying no costs everybody else: sixty shapes of nonsense, 1 MB each, as the body of every route and as each of its parameters, as
 * headers, and as frames of the socket; one at a time, and after each the question how long the node's event loop was held up. What takes
 * long is sent again: the least of several times is the node's, the rest is the machine's. `npm run bench:refusals -- --kilobytes 100`.
 */
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import { demoOrder } from '../../scripts/demo/assets.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { ENVIRONMENT } from '../support/gateway/parts.ts';
import { SHAPES, type Shape } from '../support/refusals/shapes.ts';
import { machine } from './machine.ts';
import { fillFor, gatewayOn } from './parts.ts';
import { places, type Place, type Sent } from '../support/refusals/places.ts';
import { percentile, table, tenths } from './stats.ts';
import { signedOrder } from './submit/orders.ts';

/** What takes longer is measured again, so often. */
const SUSPICIOUS_MS = 15;
const AGAIN = 4;
const WARM_UP = 30;
const SHOWN = 12;

const { values } = parseArgs({
  options: {
    kilobytes: { type: 'string', default: '990' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log('usage: npm run bench:refusals -- [--kilobytes N] [--only TEXT]   only places whose name holds TEXT');
  process.exit(0);
}
const bodyBytes = Number(values.kilobytes) * 1_000;

await using releases = new AsyncDisposableStack();
const folder = releases.use(await temporaryFolder('bench-refusals'));
const dataDir = folder.path;
const assets = await fillFor(dataDir);

const watchPort = await freePort();
const node = await gatewayOn(dataDir, {
  NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'refusals', 'loop-watch.ts')).href}`,
  LOOP_WATCH_PORT: String(watchPort),
});
releases.defer(async () => void (await node.program.stop()));
const { hostname, port } = new URL(node.url);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
releases.defer(() => agent.destroy());

async function send({ method, path, headers = {}, body = '' }: Sent): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const bytes = Buffer.from(body);
  const length = body === '' ? {} : { 'content-length': String(bytes.length) };
  const sending = httpRequest(
    { hostname, port, agent, method, path, headers: { ...headers, ...length } },
    (response) => {
      response.resume().once('close', () => resolve(response.statusCode ?? 0));
      // An answer that goes on, such as a stream of events: it was said yes to, and that is all we want to know.
      if (response.statusCode === 200 && response.headers['content-type']?.startsWith('text/event-stream'))
        response.destroy();
    },
  );
  sending.once('error', () => resolve(0));
  sending.end(bytes);
  return promise;
}

async function sendFrame({ body = '' }: Sent): Promise<number> {
  const socket = new WebSocket(`ws://${hostname}:${port}${EVENTS_PATH}`);
  await once(socket, 'open');
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.on('message', (data) => {
    // A frame may be all right after all; whatever it is answered with, the next one follows.
    if (Buffer.isBuffer(data) && !data.includes('"hello"')) socket.close();
  });
  socket.send(body);
  return closed;
}

const deliver = ({ kind }: Place, sent: Sent) => (kind === 'frame' ? sendFrame(sent) : send(sent));

interface Seen {
  readonly worstMs: number;
  readonly busyMs: number;
}

async function sinceLastLook(): Promise<Seen> {
  const answer = await fetch(`http://127.0.0.1:${watchPort}/`);
  return (await answer.json()) as Seen;
}

interface Measured {
  readonly place: string;
  readonly shape: string;
  readonly answer: number;
  /** The least of all times that it was sent. */
  readonly delayMs: number;
  /** Of the processor, all that the node did for it, or for all shapes at once. */
  readonly busyMs: number;
}

const least = (seen: readonly Seen[], what: keyof Seen) => Math.min(...seen.map((each) => each[what]));

async function measure(place: Place, shape: Shape): Promise<Measured> {
  const nonsense = shape.make(place.sizeBytes);
  const seen: Seen[] = [];
  let answer = 0;
  do {
    const sent = place.fill(nonsense);
    await sinceLastLook();
    answer = await deliver(place, sent);
    seen.push(await sinceLastLook());
  } while (seen.length < AGAIN && least(seen, 'worstMs') > SUSPICIOUS_MS);
  return {
    place: place.name,
    shape: shape.name,
    answer,
    delayMs: least(seen, 'worstMs'),
    busyMs: least(seen, 'busyMs'),
  };
}

/** The worst of all shapes at one place. */
async function worstOfAll(place: Place): Promise<Seen> {
  await sinceLastLook();
  for (const shape of SHAPES) await deliver(place, place.fill(shape.make(place.sizeBytes)));
  return sinceLastLook();
}

const all = places(() => signedOrder(demoOrder(assets, ENVIRONMENT.id)), { bodyBytes }).filter(({ name }) =>
  name.includes(values.only),
);
for (const place of all.slice(0, WARM_UP)) for (const shape of SHAPES.slice(0, 2)) await measure(place, shape);
const measured: Measured[] = [];
for (const place of all) {
  // Small ones go one after the other, and each is looked at only if there was anything to see.
  const together = place.sizeBytes < bodyBytes ? await worstOfAll(place) : undefined;
  for (const shape of SHAPES)
    measured.push(
      together && together.worstMs < SUSPICIOUS_MS
        ? { place: place.name, shape: shape.name, answer: 0, delayMs: together.worstMs, busyMs: together.busyMs }
        : await measure(place, shape),
    );
}

const groupOf = ({ place }: Measured) => place.split(' ').slice(0, 2).join(' ').replace(/\?.*/, '?');
const groups = Map.groupBy(measured, groupOf);
const row = (name: string, of: readonly Measured[]) => {
  const delays = of.map(({ delayMs }) => delayMs);
  // Those that were sent together took the processor together.
  const alone = of.filter(({ answer }) => answer > 0).map(({ busyMs }) => busyMs);
  return [
    name,
    String(of.length),
    tenths(percentile(delays, 0.5)).toFixed(1),
    tenths(Math.max(...delays)).toFixed(1),
    alone.length === 0 ? '' : tenths(Math.max(...alone)).toFixed(1),
  ];
};
console.log(`${SHAPES.length} shapes of nonsense of ${bodyBytes / 1_000} kB, at ${all.length} places, one at a time`);
console.log(`${machine()}\n`);
console.log(
  table([['where', 'sent', 'p50 ms', 'worst ms', 'processor ms'], ...[...groups].map(([name, of]) => row(name, of))]),
);
console.log('\nthe longest');
const worst = measured.toSorted((a, b) => b.delayMs - a.delayMs);
console.log(
  table([
    ['where: what', 'answer', 'ms', 'processor ms'],
    ...worst
      .slice(0, SHOWN)
      .map(({ place, shape, answer, delayMs, busyMs }) => [
        `${place}: ${shape}`,
        String(answer),
        tenths(delayMs).toFixed(1),
        tenths(busyMs).toFixed(1),
      ]),
  ]),
);
const result = {
  bench: 'refusals',
  worstDelayMs: tenths(worst[0]?.delayMs ?? 0),
  /** Of those that were sent alone. */
  worstBusyMs: tenths(Math.max(...measured.filter(({ answer }) => answer > 0).map(({ busyMs }) => busyMs))),
  shapes: SHAPES.length,
};
console.log(`\n${JSON.stringify(result)}`);
