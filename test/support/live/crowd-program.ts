/** A crowd of subscribers, in a process of its own: it does what `crowd.ts` tells it. */
import { openRawSocket, type RawSocket } from './raw-socket.ts';
import { nextHistory, type Arrivals, type Member, type Opening, type Order, type Report } from './crowd-messages.ts';

/** So many connect at a time: a server's queue of connections is short. */
const AT_ONCE = 200;
/** Members an address: each is a client of its own to the node's limits. */
const AN_ADDRESS = 500;
const BACK_AFTER_MS = 50;

interface Follower {
  history: number;
  events: number;
  connections: number;
  resets: number;
  cursor: number | undefined;
  raw: RawSocket | undefined;
  closed: { readonly code: number; readonly reason: string } | undefined;
  lastError: string | undefined;
  onCaughtUp: () => void;
}

const followers: Follower[] = [];
const arrivals = new Map<number, number[]>();
let check: () => void = () => undefined;
let isLeaving = false;

/** An event begins `{"type":"event",`, and says its cursor soon; the rest of it is not looked at. */
const [E, V] = Buffer.from('ev');
const CURSOR = Buffer.from('"cursor":');

function take(follower: Follower, payload: Buffer): void {
  if (payload[9] === E && payload[10] === V) {
    const at = payload.indexOf(CURSOR, 16) + CURSOR.length;
    return note(follower, Number.parseInt(payload.toString('latin1', at, at + 17), 10));
  }
  const frame = JSON.parse(payload.toString()) as {
    readonly type: string;
    readonly cursor?: number;
    readonly code?: string;
  };
  if (frame.type === 'snapshot') follower.cursor = frame.cursor;
  if (frame.type === 'reset') follower.resets += 1;
  if (frame.type === 'error') follower.lastError = `${frame.code} ${frame.cursor}`;
  if (frame.type === 'caughtUp') {
    follower.onCaughtUp();
    check();
  }
}

function note(follower: Follower, cursor: number): void {
  const at = performance.timeOrigin + performance.now();
  follower.events += 1;
  follower.cursor = cursor;
  follower.history = nextHistory(follower.history, cursor);
  const times = arrivals.get(cursor);
  if (times) times.push(at);
  else arrivals.set(cursor, [at]);
  check();
}

function connectOnce(follower: Follower, opening: Opening, index: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const localAddress = `127.0.0.${2 + Math.floor(index / AN_ADDRESS)}`;
  const raw = openRawSocket({ url: opening.url, localAddress, onText: (payload) => take(follower, payload) });
  follower.raw = raw;
  follower.onCaughtUp = () => resolve(undefined);
  const begin = async () => {
    if (!(await raw.answered).startsWith('HTTP/1.1 101')) return;
    follower.connections += 1;
    if (!opening.frame) return resolve(undefined);
    const resume = follower.cursor === undefined ? {} : { from: follower.cursor };
    raw.send(JSON.stringify({ type: 'subscribe', ...opening.frame, ...resume }));
    if (!opening.isDeaf) return;
    raw.socket.pause();
    resolve(undefined);
  };
  const end = async () => {
    follower.closed = (await raw.closed) ?? { code: 1006, reason: '' };
    check();
    // Not to keep the others waiting that are to connect; whoever waits for this one waits for what it hears.
    resolve(undefined);
    if (opening.comesBack && !isLeaving) setTimeout(() => void connectOnce(follower, opening, index), BACK_AFTER_MS);
  };
  void begin();
  void end();
  return promise;
}

async function open(opening: Opening): Promise<void> {
  const begun = Array.from({ length: opening.count }, (): Follower => ({
    history: 0,
    events: 0,
    connections: 0,
    resets: 0,
    cursor: undefined,
    raw: undefined,
    closed: undefined,
    lastError: undefined,
    onCaughtUp: () => undefined,
  }));
  const from = followers.length;
  followers.push(...begun);
  for (let i = 0; i < begun.length; i += AT_ONCE) {
    await Promise.all(begun.slice(i, i + AT_ONCE).map((follower, j) => connectOnce(follower, opening, from + i + j)));
  }
}

function until(isReached: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    check = () => {
      if (!isReached()) return;
      check = () => undefined;
      resolve();
    };
    check();
  });
}

function report(): Report {
  const groups = new Map<string, Member & { members: number }>();
  for (const { history, events, connections, resets, closed, lastError } of followers) {
    const member: Member = {
      history,
      events,
      connections,
      resets,
      ...(closed ? { closed } : {}),
      ...(lastError === undefined ? {} : { lastError }),
    };
    const key = JSON.stringify(member);
    groups.set(key, { ...member, members: (groups.get(key)?.members ?? 0) + 1 });
  }
  return { groups: [...groups.values()] };
}

/** Looks at one member after another; those who are there already are not looked at again. */
function allHave(cursor: number): () => boolean {
  let first = 0;
  return () => {
    while (first < followers.length && (followers[first]?.cursor ?? -1) >= cursor) first += 1;
    return first === followers.length;
  };
}

async function obey(order: Order): Promise<Report | Arrivals | undefined> {
  switch (order.do) {
    case 'open':
      await open(order);
      return undefined;
    case 'await':
      await until(allHave(order.cursor));
      return undefined;
    case 'report':
      return report();
    case 'listen':
      for (const { raw } of followers) raw?.socket.resume();
      await until(() => followers.every(({ closed }) => closed !== undefined));
      return undefined;
    case 'arrivals':
      return { atMs: arrivals.get(order.cursor) ?? [] };
    case 'leave':
      isLeaving = true;
      for (const { raw } of followers) raw?.socket.destroy();
      process.disconnect();
      return undefined;
  }
}

process.on('message', (order: Order) => {
  void obey(order).then((answer) => process.connected && process.send?.({ answer }));
});
