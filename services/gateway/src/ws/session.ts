/** One socket: takes its client's frames, in their order, and holds its subscriptions. */
import type { Duplex } from 'node:stream';
import { getAddress } from 'ethers';
import type { WebSocket } from 'ws';
import type { PageFrame } from '@capstan/shared/contract/list-frames';
import type { LogsFrame } from '@capstan/shared/contract/log-frames';
import {
  DEFAULT_SUBSCRIPTION,
  PROTOCOL_VERSION,
  type AuthenticateFrame,
  type ClientFrame,
  type SubscribeFrame,
} from '@capstan/shared/contract/socket';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { TokenWatch } from '../auth/token-watch.ts';
import type { Identify, Identity } from '../auth/identify.ts';
import type { Logs } from '../logs/log.ts';
import type { LogRequest, OpenOwnLog } from '../logs/log-access.ts';
import type { Query } from '../status/query.ts';
import type { TakePlace } from '../limits/connection-limit.ts';
import { take, type Bucket } from '../limits/token-bucket.ts';
import type { Follow } from '../live/follow.ts';
import type { Followed, JobPages } from '../live/job-pages.ts';
import { statesIn } from '../status/pages.ts';
import { followLog } from '../logs/follow-log.ts';
import {
  badFrame,
  cannotSelect,
  failureOf,
  INTERNAL,
  isRefusal,
  tokenEnded,
  tooMany,
  tooSlow,
  type Failure,
} from './failures.ts';
import { createOutlet } from './outlet.ts';
import { parseFrame } from './protocol.ts';
import { createSubscriptions } from './subscriptions.ts';

export interface SessionOptions {
  readonly follow: Follow;
  readonly pages: JobPages;
  readonly query: Pick<Query, 'authorize'>;
  readonly identify: Identify;
  readonly logs: Logs;
  readonly openLog: OpenOwnLog;
  readonly tokenWatch: Pick<TokenWatch, 'watch'>;
  readonly limits: Config['gateway']['live'];
  /** Of those that all sockets have together. */
  readonly takeSubscription: TakePlace;
  /** The node's address. */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Connection {
  readonly socket: WebSocket;
  readonly stream: Duplex;
  /** Who is calling, where the request for the socket said so. */
  readonly identity: Identity | undefined;
  /** Whether a web page of another origin opened it. */
  readonly isForeign: boolean;
  readonly network: string;
}

export function openSession(connection: Connection, options: SessionOptions): void {
  const { socket, stream, isForeign, network } = connection;
  const { follow, pages, query, identify, logs, openLog, tokenWatch, limits, takeSubscription, node, clock, log } =
    options;
  let identity: Identity | undefined;
  /** The tokens that anything here rests on: it all ends with the first of them. */
  const watched = new Map<string, () => void>();
  /** What each subscription to statuses is of. */
  const followed = new Map<string, Followed>();
  let bucket: Bucket | undefined;
  /** Frames are dealt with one after another, though some take time. */
  let frames = Promise.resolve();
  /** Histories, too: a client that asks for many at once is told one after another. */
  let histories = Promise.resolve();

  const outlet = createOutlet({
    socket,
    stream,
    maxBufferedBytes: limits.maxBufferedKB * 1_000,
    stallLimitMs: limits.stallLimitS * 1_000,
    onTooSlow: (at) => fail(tooSlow(at)),
  });

  const fail = ({ close, code, message, subscription, cursor }: Failure) => {
    if (socket.readyState !== socket.OPEN) return;
    subscriptions.closeAll();
    log.debug({ code }, 'closing a socket');
    outlet.send({
      type: 'error',
      code,
      message,
      ...(subscription === undefined ? {} : { subscription }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    // The protocol allows 123 bytes; the frame before it says it whole.
    socket.close(close, cursor === undefined ? code : `cursor ${cursor}`);
  };

  /** Whoever names subscriptions may have several: what is wrong with one is no reason to end the others. */
  const refuse = (error: unknown, named: string | undefined) => {
    if (named === undefined || !(error instanceof CapstanError) || !isRefusal(error)) return failWith(error, named);
    subscriptions.close(named);
    const { code, message } = failureOf(error);
    outlet.send({ type: 'error', code, message, subscription: named, isOpen: true });
  };

  const failWith = (error: unknown, subscription?: string) => {
    if (error instanceof CapstanError) return fail({ ...failureOf(error), subscription });
    log.error({ err: error }, 'a socket failed in a way that it must not');
    fail(INTERNAL);
  };

  const subscriptions = createSubscriptions({
    onFailed: failWith,
    most: limits.maxSubscriptions,
    takePlace: () => takeSubscription(network),
  });

  const become = (known: Identity) => {
    // Who has gone meanwhile: nothing would end the watch.
    if (socket.readyState !== socket.OPEN) return;
    identity = known;
    const { claims } = known;
    if (!claims || watched.has(claims.jti)) return;
    if (watched.size >= MOST_TOKENS) return fail(tooMany(`One socket rests on ${MOST_TOKENS} tokens at most.`));
    const unwatch = tokenWatch.watch(claims, (end) => fail(tokenEnded(end)));
    watched.set(claims.jti, unwatch);
  };

  const authenticate = async (frame: AuthenticateFrame) => {
    const known = await identify.act(frame, { network });
    become(known);
    outlet.send({ type: 'authenticated', address: getAddress(known.address), expires: known.claims?.exp ?? null });
  };

  const subscribe = async (frame: SubscribeFrame) => {
    const { subscription = DEFAULT_SUBSCRIPTION, from = 'now', detail, owner, token, ...more } = frame;
    const { status, order, limit, counts, ...which } = more;
    const page = { states: statesIn(status), order, ...(limit === undefined ? {} : { limit }) };
    if (token !== undefined) become(await identify.act({ token }, { network }));
    const asked = { ...which, consumerAddress: which.consumerAddress ?? owner };
    const selection = await query.authorize(asked, identity, { isForeign, network }).catch((error: unknown) => {
      throw hasCode(error, 'VALIDATION') ? cannotSelect(frame) : error;
    });
    const run = (signal: AbortSignal) => {
      const onBroken = (error: unknown) => failWith(error, subscription);
      followed.set(subscription, { selection, detail });
      signal.addEventListener('abort', () => followed.delete(subscription), { once: true });
      const following = { subscription, selection, from, detail, page, counts, outlet, signal, onBroken };
      const told = histories.then(() => follow(following));
      // Its failure is the subscription's; the next one has its turn in any case.
      histories = told.catch(() => undefined);
      return told;
    };
    openSubscription(subscription, run, selection.jobIds?.length);
  };

  /** More of the jobs that a subscription is of, than its snapshot held. */
  const tellPage = async ({ subscription, status, cursor, order, limit }: PageFrame) => {
    const of = followed.get(subscription);
    if (!of) throw new CapstanError('BAD_FRAME', `There is no subscription ${subscription} to statuses here.`);
    await outlet.ready();
    const asked = { cursor, order, states: statesIn(status), ...(limit === undefined ? {} : { limit }) };
    const page = await pages(of, asked);
    outlet.send({ type: 'page', subscription, ...(status === undefined ? {} : { status }), ...page });
  };

  const openSubscription = (name: string, run: (signal: AbortSignal) => Promise<void>, ids = 0) => {
    if (socket.readyState !== socket.OPEN) return;
    const problem = subscriptions.tooMany(name, ids);
    if (problem !== undefined) return fail({ ...tooMany(problem), subscription: name });
    subscriptions.open(name, run, ids);
  };

  const readLog = async (frame: LogsFrame) => {
    const { subscription = DEFAULT_SUBSCRIPTION, jobId, token } = frame;
    if (token !== undefined) become(await identify.act({ token }, { network }));
    const opened =
      identity && frame.signature === undefined
        ? logs.open(identity.address, jobId)
        : await openLog(signedLog(frame), { network });
    openSubscription(subscription, (signal) => followLog({ subscription, frame, log: opened, outlet, signal }));
  };

  const receive = async (frame: ClientFrame) => {
    switch (frame.type) {
      case 'authenticate':
        return authenticate(frame);
      case 'subscribe':
        return subscribe(frame);
      case 'logs':
        return readLog(frame);
      case 'page':
        return tellPage(frame);
      case 'unsubscribe':
        subscriptions.close(frame.subscription);
        return outlet.send({ type: 'unsubscribed', subscription: frame.subscription });
      case 'ping':
        return outlet.send({ type: 'pong' });
    }
  };

  /** Frames of every kind count, the protocol's own pings too. */
  const isTooMany = () => {
    const rate = { perSecond: limits.framesPerSecond, burst: limits.framesBurst };
    const taken = take(bucket, rate, clock.monotonicMs());
    bucket = taken.bucket;
    if (taken.kind === 'taken') return false;
    fail(tooMany(`This node takes ${rate.perSecond} frames a second from one socket.`));
    return true;
  };

  socket.on('message', (data, isBinary) => {
    if (socket.readyState !== socket.OPEN || isTooMany()) return;
    if (isBinary || !Buffer.isBuffer(data)) return fail(badFrame('Frames are text.'));
    const parsed = parseFrame(data.toString('utf8'));
    if (parsed.kind === 'bad') return refuse(new CapstanError('BAD_FRAME', parsed.problem), parsed.subscription);
    const { frame } = parsed;
    const named = 'subscription' in frame ? frame.subscription : undefined;
    frames = frames
      .then(() => (socket.readyState === socket.OPEN ? receive(frame) : undefined))
      .catch((error: unknown) => refuse(error, named));
  });
  socket.on('ping', () => void isTooMany());
  socket.on('error', (error) => log.debug({ err: error }, 'socket failed'));
  socket.on('close', () => {
    subscriptions.closeAll();
    for (const unwatch of watched.values()) unwatch();
  });

  outlet.send({ type: 'hello', v: PROTOCOL_VERSION, node });
  if (connection.identity) become(connection.identity);
}

/** Each is watched until it ends, and anybody may have any number of their own. */
const MOST_TOKENS = 20;

/** Throws INVALID_SIGNATURE where something of it is missing. */
function signedLog({ jobId, consumerAddress, nonce, signature }: LogsFrame): LogRequest {
  if (consumerAddress !== undefined && nonce !== undefined && signature !== undefined) {
    return { jobId, consumerAddress, nonce, signature };
  }
  const text =
    "A log is its owner's alone: authenticate first, or send consumerAddress, nonce and signature (over a text: a frame cannot hold a typed one).";
  throw new CapstanError('INVALID_SIGNATURE', text);
}
