/** The beginning of a stream, of which the rest can still be read. */
import type { Readable } from 'node:stream';

export interface Beginning {
  readonly bytes: Buffer;
  /** It is all of it. */
  readonly isWhole: boolean;
}

/** Resolves once there is more than `maxBytes`, or the end. Rejects with the stream's failure, or when `signal` aborts. Who has it puts it back. */
export function beginningOf(stream: Readable, maxBytes: number, signal: AbortSignal): Promise<Beginning> {
  const { promise, resolve, reject } = Promise.withResolvers<Beginning>();
  const pieces: Buffer[] = [];
  let bytes = 0;
  const leave = () => {
    stream.off('data', take).off('end', end).off('error', reject).off('close', broken);
    signal.removeEventListener('abort', abort);
  };
  const settle = (isWhole: boolean) => {
    stream.pause();
    resolve({ bytes: Buffer.concat(pieces), isWhole });
  };
  const take = (piece: Buffer) => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > maxBytes) settle(false);
  };
  const end = () => settle(true);
  const broken = () => reject(new Error('the stream broke off'));
  const abort = () => reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  stream.on('data', take).once('end', end).once('error', reject).once('close', broken);
  return promise.finally(leave);
}
