/**
 * An answer that comes before its request was read whole. Many clients listen only once they have sent everything, and a connection that
 * is closed on them takes the answer with it: so we go on reading for a while, keep nothing of it, and close then.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Context } from 'koa';

const MAX_DISCARDED_BYTES = 16_000_000;
const DISCARD_LIMIT_MS = 2_000;

export function answerEarly(ctx: Context, body: object): void {
  const text = JSON.stringify(body);
  ctx.set('Connection', 'close');
  ctx.type = 'json';
  // The client has the whole answer as soon as these bytes are written, which they are at once; the connection ends with the stream.
  ctx.body = Readable.from(thenDiscard(text, ctx.req), { objectMode: false });
  ctx.length = Buffer.byteLength(text);
}

async function* thenDiscard(text: string, request: IncomingMessage): AsyncGenerator<string> {
  yield text;
  await discardRest(request);
}

function discardRest(request: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const enough = () => resolve(undefined);
  const limit = setTimeout(enough, DISCARD_LIMIT_MS);
  let left = MAX_DISCARDED_BYTES;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) enough();
  });
  request.once('end', enough);
  request.once('close', enough);
  request.resume();
  return promise.finally(() => clearTimeout(limit));
}
