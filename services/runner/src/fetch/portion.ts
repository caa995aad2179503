/** A part of what comes: so many bytes are passed over, so many are taken, and the source is let go with the last of them. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { failed } from './source.ts';

interface Portion {
  readonly skip: number;
  /** Undefined for all that follow. */
  readonly take: number | undefined;
  /** More than this is an error. */
  readonly maxBytes: number;
  /** SHA-256 that all of it must have, hex. */
  readonly expected?: string | undefined;
}

export const portionOf = (body: Readable, portion: Portion): Readable =>
  Readable.from(chunksOf(body, portion), { objectMode: false });

async function* chunksOf(body: Readable, { skip, take, maxBytes, expected }: Portion): AsyncGenerator<Buffer> {
  const hash = expected === undefined ? undefined : createHash('sha256');
  let [toSkip, left, passed] = [skip, take ?? Number.POSITIVE_INFINITY, 0];
  if (left === 0) return void body.destroy();
  for await (const chunk of body as AsyncIterable<Buffer>) {
    passed += chunk.length;
    if (passed > maxBytes) throw failed('it is larger than this node takes');
    hash?.update(chunk);
    const fresh = chunk.subarray(Math.min(toSkip, chunk.length), Math.min(chunk.length, toSkip + left));
    toSkip = Math.max(0, toSkip - chunk.length);
    left -= fresh.length;
    if (left === 0 && hash) {
      // Before its end is told: whoever hears of no end knows that it is not whole.
      if (hash.digest('hex') !== expected) throw failed('it is not the file that its owner gave the checksum of');
    }
    if (fresh.length > 0) yield fresh;
    if (left === 0) return;
  }
  if (left !== Number.POSITIVE_INFINITY) throw failed('its server gave fewer bytes than it said');
}
