/** What was wrong with a record of a chain, for a while: a stranger's asset that is asked for again and again is not read each time. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '@capstan/shared/runtime/clock';
import { hasCode } from '@capstan/shared/contract/errors';
import type { MetadataRecord } from './record.ts';

const FRESH_MS = 600_000;
const MANY = 1_000;

export interface Verdicts {
  /** What `read` makes of a record of an asset, or REFUSED as it was at last. */
  of<T>(did: string, record: MetadataRecord, read: () => Promise<T>): Promise<T>;
}

export function createVerdicts(clock: Pick<Clock, 'monotonicMs'>): Verdicts {
  const refused = new LRUCache<string, { readonly atMs: number; readonly error: unknown }>({ max: MANY });
  return {
    async of(did, { flags, data, hash }, read) {
      const key = createHash('sha256').update(`${did} ${hash} ${flags} `).update(data).digest('base64');
      const known = refused.get(key);
      if (known && clock.monotonicMs() - known.atMs < FRESH_MS) throw known.error;
      try {
        return await read();
      } catch (error) {
        if (hasCode(error, 'REFUSED')) refused.set(key, { atMs: clock.monotonicMs(), error });
        throw error;
      }
    },
  };
}
