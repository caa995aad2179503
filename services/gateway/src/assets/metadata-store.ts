/**
 * Descriptions of assets from a metadata store, by Aquarius's route.
 *
 * What was answered is kept, and taken as it is for a moment (`freshMs`), so that many orders of one asset ask once. After that the
 * store is asked again, with the ETag it gave, if any. When it can't be reached, nothing that is kept is used in its place: its owner
 * may have disabled the asset meanwhile, and a job must not run on it.
 */
import { deadline } from '@capstan/shared/deadline';
import type { Clock } from '@capstan/shared/clock';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { parseDid, type Did } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import { retry } from '@capstan/shared/retry';
import type { DdoSource } from './assets.ts';
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
  /** On the monotonic clock. */
  readonly at: number;
}

const MOST_KEPT = 1_000;
/** A description has to fit into a job's command beside others. */
const MAX_BYTES = 1_000_000;
const RETRIES = 1;

const unavailable = (text: string, cause?: unknown) => new CapstanError('METADATA_UNAVAILABLE', text, { cause });

export function createMetadataStore({ url, timeoutMs, freshMs, clock }: MetadataStoreOptions): DdoSource {
  const base = url.replace(/\/+$/, '');
  const kept = new Map<Did, Kept>();
  const asking = new Map<Did, Promise<Ddo | undefined>>();

  const keep = (did: Did, found: Kept): Ddo => {
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(did, found);
    return found.ddo;
  };

  const ask = async (did: Did, signal: AbortSignal): Promise<Ddo | undefined> => {
    const known = kept.get(did);
    const at = clock.monotonicMs();
    const response = await fetch(`${base}/api/aquarius/assets/ddo/${did}`, {
      headers: { accept: 'application/json', ...(known?.etag ? { 'if-none-match': known.etag } : {}) },
      signal,
    });
    if (response.status === 304 && known) {
      await response.body?.cancel();
      return keep(did, { ...known, at });
    }
    if (response.status === 404) {
      await response.body?.cancel();
      kept.delete(did);
      return undefined;
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw unavailable(`The metadata store answered ${response.status}. Try again shortly.`);
    }
    return keep(did, { ddo: parsePublished(await textOf(response), did), etag: response.headers.get('etag'), at });
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
  if (error instanceof CapstanError) throw error;
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  throw unavailable(
    `The metadata store ${isLate ? 'did not answer in time' : 'can not be reached'}. Try again shortly.`,
    error,
  );
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    // Leaving the loop cancels the rest.
    if (sizeBytes > MAX_BYTES) throw malformed(`It is larger than ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
