/** What a store answers, as far as it is believed: so many bytes, in so much time, and nothing that leads elsewhere. */
import { CapstanError, messageOf, systemCode } from '../contract/errors.ts';
import { RETRIES, unavailable, type Patience } from './objects.ts';
import { retry } from '../runtime/retry.ts';

/** A request that was not answered to its end, in our words; an error of ours stays what it is. */
export function untold(error: unknown): CapstanError {
  if (error instanceof CapstanError) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = systemCode(cause) ?? systemCode(error);
  if (code !== undefined) return unavailable(`the connection failed (${code})`, error);
  const isTimeout = error instanceof Error && error.name === 'TimeoutError';
  return unavailable(isTimeout ? 'it did not answer in time' : 'the connection failed', messageOf(cause ?? error));
}

/** Whatever goes wrong in `work` is the store's, but for the caller's own end. */
export async function told<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw untold(error);
  }
}

/** A question that is harmless to repeat. */
export const insist = <T>(work: () => Promise<T>, signal: AbortSignal, { againMs }: Patience): Promise<T> =>
  retry(work, { signal, retries: RETRIES, minDelayMs: againMs });

/** What is refused is not waited for either: its body is thrown away. */
export async function judged(response: Response, judge: () => void): Promise<Response> {
  try {
    judge();
    return response;
  } catch (error) {
    await response.body?.cancel().catch(() => undefined);
    throw error;
  }
}

/** Throws if the bytes that come would not be the bytes that the store has. */
export function requirePlain(headers: Headers): void {
  const encoding = headers.get('content-encoding') ?? 'identity';
  // Some say so of a signed upload, and hand out the plain bytes.
  if (!['identity', 'aws-chunked', ''].includes(encoding)) throw unavailable('it answered in another encoding');
}

/** All of a small answer. */
export async function smallBody(response: Response, maxBytes: number): Promise<Buffer> {
  const { body } = await judged(response, () => requirePlain(response.headers));
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > maxBytes) throw unavailable('its answer is too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Slower than this, over all of a long answer, a store is as good as away. */
const SLOWEST_BYTES_PER_MS = 16;

export interface Silence {
  readonly signal: AbortSignal;
  /** From now on something is waited for. */
  listen(): void;
  /** Something came, or nothing is waited for. */
  rest(): void;
}

/** Aborts when nothing came for a time, or when all the waiting took too long; time in which nobody waited does not count. */
export function createSilence(limitMs: number, totalMs = Number.POSITIVE_INFINITY): Silence {
  const ending = new AbortController();
  const end = () => ending.abort(new DOMException('The store is silent.', 'TimeoutError'));
  let waitedMs = 0;
  let since: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const rest = () => {
    clearTimeout(timer);
    if (since !== undefined) waitedMs += performance.now() - since;
    since = undefined;
    if (waitedMs > totalMs) end();
  };
  return {
    signal: ending.signal,
    listen() {
      rest();
      since = performance.now();
      timer = setTimeout(end, limitMs);
    },
    rest,
  };
}

/** The total that reading so many bytes may take. */
export const longestMs = (bytes: number, { partMs }: Patience) => partMs + bytes / SLOWEST_BYTES_PER_MS;

/** Passes on exactly so many bytes; fails before the last of them if fewer come, and at once if more do. */
export async function* exactly(
  body: AsyncIterable<Uint8Array>,
  bytes: number,
  { silence, signal }: { readonly silence: Silence; readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  let left = bytes;
  try {
    silence.listen();
    for await (const piece of body) {
      silence.rest();
      left -= piece.length;
      if (left < 0) throw unavailable('it gave more bytes than it has');
      yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      silence.listen();
    }
    if (left > 0) throw unavailable('it gave fewer bytes than it has');
  } catch (error) {
    signal.throwIfAborted();
    throw untold(error);
  } finally {
    silence.rest();
  }
}
