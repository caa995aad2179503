/**
 * Descriptions of assets from a metadata store, by Aquarius's route.
 *
 * What was answered is kept, and taken as it is for a moment (`freshMs`), so that many orders of one asset ask once. After that the
 * store is asked again, with the ETag it gave, if any. When it can't be reached, nothing that is kept is used in its place: its owner
 * may have disabled the asset meanwhile, and a job must not run on it.
 */
import { LRUCache } from 'lru-cache';
import { deadline } from '@capstan/shared/runtime/deadline';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { parseDid, type Did } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import { retry } from '@capstan/shared/runtime/retry';
import { boundedText } from '@capstan/shared/net/bounded-text';
import type { DdoSource } from './assets.ts';
import { createGet, drop } from '@capstan/shared/net/get-from';
import { malformed, parsePublished } from './published.ts';

interface MetadataStoreOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly freshMs: number;
  readonly clock: Clock;
}

interface Kept {
  readonly ddo: Ddo;
  readonly etag: string | null;
  readonly chars: number;
  /** On the monotonic clock. */
  readonly at: number;
}

const MOST_KEPT = 1_000;
/** Of the texts that they came as: in memory they take up to three times as much. */
const MOST_CHARS_KEPT = 20_000_000;
/** A description has to fit into a job's command beside others. */
const MAX_BYTES = 1_000_000;
const RETRIES = 1;

const unavailable = (text: string, cause?: unknown) => new CapstanError('METADATA_UNAVAILABLE', text, { cause });

export function createMetadataStore({ url, timeoutMs, freshMs, clock }: MetadataStoreOptions): DdoSource {
  const base = url.replace(/\/+$/, '');
  const kept = new LRUCache<Did, Kept>({
    max: MOST_KEPT,
    maxSize: MOST_CHARS_KEPT,
    sizeCalculation: ({ chars }) => 1 + chars,
  });
  const asking = new Map<Did, Promise<Ddo | undefined>>();
  const get = createGet(timeoutMs);

  const keep = (did: Did, found: Kept): Ddo => {
    kept.set(did, found);
    return found.ddo;
  };

  const ask = async (did: Did, signal: AbortSignal): Promise<Ddo | undefined> => {
    const known = kept.get(did);
    const at = clock.monotonicMs();
    const headers = { accept: 'application/json', ...(known?.etag ? { 'if-none-match': known.etag } : {}) };
    const { statusCode, headers: said, body } = await get(`${base}/api/aquarius/assets/ddo/${did}`, headers, signal);
    if (statusCode !== 200) drop(body);
    if (statusCode === 304 && known) return keep(did, { ...known, at });
    if (statusCode === 404) {
      kept.delete(did);
      return undefined;
    }
    if (statusCode !== 200) throw unavailable(`The metadata store answered ${statusCode}. Try again shortly.`);
    const read = await boundedText({ body, encoding: said['content-encoding'] }, MAX_BYTES);
    if (read.kind === 'refused') throw malformed(`It ${read.problem}.`);
    const etag = typeof said['etag'] === 'string' ? said['etag'] : null;
    return keep(did, { ddo: parsePublished(read.text, did), etag, at, chars: read.text.length });
  };

  const askTwice = (did: Did): Promise<Ddo | undefined> =>
    retry(() => ask(did, deadline(timeoutMs)).catch(translate), {
      signal: deadline(2 * timeoutMs + 1_000),
      retries: RETRIES,
      minDelayMs: 50,
      maxDelayMs: 200,
    });

  return {
    async find(text) {
      const did = parseDid(text);
      if (!did) return undefined;
      const known = kept.get(did);
      if (known && clock.monotonicMs() - known.at < freshMs) return known.ddo;
      const underway = asking.get(did);
      if (underway) return underway;
      const answer = askTwice(did).finally(() => asking.delete(did));
      asking.set(did, answer);
      return answer;
    },
  };
}

/** Whatever broke on the way, as an error of ours that says when to come back. */
function translate(error: unknown): never {
  // What a connection is refused for, the caller can do nothing about.
  const isOurs = error instanceof CapstanError && error.code !== 'FETCH_FAILED';
  if (isOurs) throw error;
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  throw unavailable(
    `The metadata store ${isLate ? 'did not answer in time' : 'can not be reached'}. Try again shortly.`,
    error,
  );
}
