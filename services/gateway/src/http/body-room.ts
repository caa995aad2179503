/**
 * How much of bodies is in memory at once: of one network, and of all. A body is kept as it comes, and until its request is answered: a few
 * thousand connections that each send most of one and then nothing would fill the memory. The beginning of each is free, as its headers are,
 * so that ordinary orders are taken whatever strangers send.
 */
import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import type { Middleware } from 'koa';
import { CapstanError } from '@capstan/shared/contract/errors';
import { createNetworkCounts } from '../limits/sites.ts';
import { networkIn } from './limits.ts';

export const FREE_BYTES = 16_384;

interface Bounds {
  readonly ofNetwork: number;
  readonly inAll: number;
}

/** What is made of a body takes a few times as much again. */
const BOUNDS: Bounds = { ofNetwork: 32_000_000, inAll: 128_000_000 };
const RETRY_AFTER_S = 5;

/** What one request may hold. */
export interface BodyShare {
  /** That so much more of its body has come. Throws TOO_MANY_REQUESTS where that is too much. */
  take(bytes: number): void;
  /** Once it is answered. */
  leave(): void;
}

export type OpenShare = (network: string) => BodyShare;

export function createBodyRoom({ ofNetwork, inAll }: Bounds = BOUNDS): OpenShare {
  const held = createNetworkCounts();
  let all = 0;

  const hold = (network: string, bytes: number) => {
    if (held.isTooMuch(network, bytes, ofNetwork)) throw tooMuch('Your network sends');
    if (all + bytes > inAll) throw tooMuch('All clients together send');
    held.add(network, bytes);
    all += bytes;
  };
  const release = (network: string, bytes: number) => {
    held.add(network, -bytes);
    all -= bytes;
  };

  return (network) => {
    let read = 0;
    let counted = 0;
    let isOver = false;
    return {
      take(bytes) {
        if (isOver) return;
        const more = Math.max(0, read + bytes - FREE_BYTES - counted);
        if (more > 0) hold(network, more);
        read += bytes;
        counted += more;
      },
      leave() {
        if (!isOver) release(network, counted);
        isOver = true;
      },
    };
  };
}

const tooMuch = (whose: string) =>
  new CapstanError('TOO_MANY_REQUESTS', `${whose} more than this node keeps in memory at a time. Try again shortly.`, {
    headers: { 'Retry-After': String(RETRY_AFTER_S) },
  });

/** By request: how its share is taken. */
const shares = new WeakMap<IncomingMessage, () => BodyShare>();

/** Lets each request whose body is read have a share, until its answer is gone. */
export function shareBodies(open: OpenShare): Middleware {
  return (ctx, next) => {
    shares.set(ctx.req, () => {
      const share = open(networkIn(ctx));
      ctx.res.once('close', share.leave);
      if (ctx.res.closed) share.leave();
      return share;
    });
    return next();
  };
}

/** The body as it comes, counted; the request itself where all of it is free. Fails with TOO_MANY_REQUESTS. */
export function countedBody(request: IncomingMessage): IncomingMessage | Transform {
  const takeShare = shares.get(request);
  if (!takeShare || Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY) <= FREE_BYTES) return request;
  const share = takeShare();
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        share.take(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
  // Whoever reads it hears of it; afterwards, nobody need.
  counted.on('error', () => undefined);
  // A pipe says nothing of a source that breaks off.
  request.once('close', () => {
    if (!request.complete) counted.destroy(new Error('the request broke off'));
  });
  return request.pipe(counted);
}
