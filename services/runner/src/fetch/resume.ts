/** The body of a download as one stream, however often its connection breaks on the way. */
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { hasCode, type CapstanError } from '@capstan/shared/contract/errors';
import { retry } from '@capstan/shared/runtime/retry';
import { conditionsOf, judge, type Resumption } from './resumption.ts';
import { interrupted } from './source.ts';

export type Answer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

interface Resuming {
  readonly resumption: Resumption;
  /** Asks once more, with these headers in addition, and takes what isn't a success for an error. */
  readonly again: (conditions: Readonly<Record<string, string>>) => Promise<Answer>;
  readonly translate: (error: unknown) => CapstanError;
}

/** In a row, without a single byte between them. */
const FRUITLESS = 3;
const RETRIES = 3;
const PAUSE_MS = 200;
const BUFFER_BYTES = 256 * 1024;

/** Fails with FETCH_INTERRUPTED where only starting from the first byte would help. */
export function resumable(first: Answer, resuming: Resuming, signal: AbortSignal): Readable {
  return Readable.from(chunksOf(first, resuming, signal), { objectMode: false, highWaterMark: BUFFER_BYTES });
}

async function* chunksOf(first: Answer, resuming: Resuming, signal: AbortSignal): AsyncGenerator<Buffer> {
  let { body } = first;
  let [offset, toSkip, fruitless] = [0, 0, 0];
  try {
    let chunks = iterate(body);
    for (;;) {
      const read = await readOf(chunks, resuming.translate);
      if (read.kind === 'end') {
        if (offset === resuming.resumption.sizeBytes) return;
        throw interrupted('its server gave another number of bytes than it said');
      }
      if (read.kind === 'chunk') {
        const fresh = read.chunk.subarray(toSkip);
        toSkip -= read.chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        [offset, fruitless] = [offset + fresh.length, 0];
        yield fresh;
        continue;
      }
      signal.throwIfAborted();
      fruitless += 1;
      if (!read.problem.retryable || fruitless > FRUITLESS) throw read.problem;
      await wait(PAUSE_MS, undefined, { signal });
      const next = await reopened(offset, resuming, signal);
      body = next.body;
      toSkip = next.startsAt === 0 ? offset : 0;
      chunks = iterate(body);
    }
  } finally {
    drop(body);
  }
}

const iterate = (body: Readable) => body.iterator({ destroyOnReturn: true }) as AsyncIterator<Buffer>;

type Read =
  | { readonly kind: 'chunk'; readonly chunk: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'broken'; readonly problem: CapstanError };

/** Apart from the `yield`, so that what fails behind this stream is never taken for a broken connection. */
async function readOf(chunks: AsyncIterator<Buffer>, translate: Resuming['translate']): Promise<Read> {
  try {
    const { done, value } = await chunks.next();
    return done === true ? { kind: 'end' } : { kind: 'chunk', chunk: value };
  } catch (error) {
    return { kind: 'broken', problem: translate(error) };
  }
}

async function reopened(
  offset: number,
  { resumption, again }: Resuming,
  signal: AbortSignal,
): Promise<{ readonly body: Answer['body']; readonly startsAt: number }> {
  const answer = await retry(() => again(conditionsOf(resumption, offset)), {
    signal,
    retries: RETRIES,
    minDelayMs: PAUSE_MS,
  }).catch((error: unknown) => {
    // These are answers about a part of it; the whole may still be there.
    if (hasCode(error, 'FETCH_ABSENT')) throw interrupted('its server does not go on with it', error);
    throw error;
  });
  const verdict = judge(answer, resumption, offset);
  if (verdict === 'continues') return { body: answer.body, startsAt: offset };
  if (verdict === 'starts-again') return { body: answer.body, startsAt: 0 };
  drop(answer.body);
  throw interrupted(
    verdict === 'changed' ? 'it changed while it was being fetched' : 'its server does not go on with it',
  );
}

export function drop(body: Readable): void {
  body.on('error', () => undefined).destroy();
}
