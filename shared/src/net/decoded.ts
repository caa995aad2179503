/** What a server encoded, decoded: whatever it names and whatever it sends, what comes of it is an error of the stream that is read. */
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** The header `content-encoding`. */
type Encoding = string | readonly string[] | undefined;

/** A map: names come from strangers, and a plain object knows `constructor`. */
const DECODERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

const nameOf = (encoding: Encoding) => String(encoding ?? 'identity').toLowerCase();

export const isEncoded = (encoding: Encoding): boolean => nameOf(encoding) !== 'identity';

/** An error that comes before somebody reads is kept for the one who does: nobody else hears of it, and without a listener it would end the process. */
export function quiet<Stream extends Readable>(stream: Stream): Stream {
  return stream.on('error', () => undefined);
}

/** Undefined for an encoding that is not known; the body is thrown away then. */
export function decoded(body: Readable, encoding: Encoding): Readable | undefined {
  quiet(body);
  if (!isEncoded(encoding)) return body;
  const decoder = DECODERS.get(nameOf(encoding))?.();
  if (!decoder) {
    body.destroy();
    return undefined;
  }
  // Either's end is the other's; the decoder keeps what went wrong for its reader.
  pipeline(body, decoder, () => undefined);
  return quiet(decoder);
}
