/** Opens an asset's file, whatever its kind, with the node's limits and retries. How to add a kind: one more in `openers.ts`. */
import type { Hash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import type { Clock } from '@capstan/shared/clock';
import type { ChainConfig } from '@capstan/shared/config/chains';
import type { Config } from '@capstan/shared/config/schema';
import { CapstanError, hasCode } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { NodeKey } from '@capstan/shared/node-key';
import { retry } from '@capstan/shared/retry';
import { createAddressRule, createGuardedAgent } from './address-guard.ts';
import { GB, hashing, limitBytes, tooLarge } from './content.ts';
import { createDownload, translateError, type Download } from './download.ts';
import { countFiles, createProviderRequests, type Held } from './kinds/provider.ts';
import { createOpeners, openFile } from './openers.ts';
import { parseUrl, type SourceFile, type UserData } from './source.ts';
import { spool } from './spool.ts';

export interface Wanted {
  readonly file: SourceFile;
  readonly userdata: UserData;
  /** Gets the bytes as they come. */
  readonly hash?: Hash;
  /** Whether the source may say that there is no such file. */
  readonly mayBeAbsent?: boolean;
}

/** Takes a file whose size is known; resolves once it has all of it. */
export type Sink = (sizeBytes: number) => NodeJS.WritableStream;

export interface Fetcher {
  /**
   * Resolves to whether there was such a file. Throws FETCH_FAILED for good, FETCH_INTERRUPTED when it broke while the sink was being
   * filled: then all may be tried again.
   */
  fetchInto(wanted: Wanted, sink: Sink, signal: AbortSignal): Promise<boolean>;
  /** How many files a service at another provider has; undefined where that provider doesn't say. */
  countOf(held: Held, signal: AbortSignal): Promise<number | undefined>;
  close(): Promise<void>;
}

interface FetcherOptions {
  readonly limits: Config['runner']['fetch'];
  readonly chains: readonly ChainConfig[];
  /** Signs what is asked of other providers. */
  readonly key: NodeKey;
  readonly clock: Clock;
  readonly catalogueDir: string;
  readonly scratchDir: string;
  readonly log: Log;
}

const RETRIES = 3;

export function createFetcher({ limits, chains, key, clock, catalogueDir, scratchDir, log }: FetcherOptions): Fetcher {
  const idleTimeoutMs = limits.idleTimeoutS * 1_000;
  const guarded = createGuardedAgent(createAddressRule(limits.allowPrivate), idleTimeoutMs);
  // The operator's own servers may be anywhere, also beside this node.
  const unguarded = createGuardedAgent(() => true, idleTimeoutMs);
  const maxBytes = limits.maxFileGB * GB;

  const downloadFrom = (operatorsOwn?: string): Download => {
    const own = operatorsOwn === undefined ? undefined : parseUrl(operatorsOwn).origin;
    // Where it redirects to, it speaks for itself no more.
    return createDownload((url): Dispatcher => (url.origin === own ? unguarded : guarded));
  };
  const openers = createOpeners({
    settings: limits,
    chains,
    catalogueDir,
    downloadFrom,
    signRequest: createProviderRequests(key, () => clock.now()),
  });

  const persist = <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> =>
    retry(work, {
      signal,
      retries: RETRIES,
      minDelayMs: 200,
      maxDelayMs: 5_000,
      onRetry: (error, attempt) => log.debug({ problem: error.message, attempt }, 'a file did not come, trying again'),
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      if (hasCode(error, 'FETCH_ABSENT')) throw error;
      // It was tried often enough.
      throw new CapstanError('FETCH_FAILED', translateError(error).message, { cause: error });
    });

  const open = async ({ file, userdata, mayBeAbsent = false }: Wanted, signal: AbortSignal) => {
    try {
      return await persist(() => openFile(openers, file, { userdata, signal }), signal);
    } catch (error) {
      if (!hasCode(error, 'FETCH_ABSENT')) throw error;
      if (mayBeAbsent) return undefined;
      throw new CapstanError('FETCH_FAILED', error.message, { cause: error });
    }
  };

  const limited = (callerSignal: AbortSignal) =>
    AbortSignal.any([callerSignal, AbortSignal.timeout(limits.totalTimeoutS * 1_000)]);

  return {
    async fetchInto(wanted, sink, callerSignal) {
      const signal = limited(callerSignal);
      try {
        const content = await open(wanted, signal);
        if (!content) return false;
        const checks = [limitBytes(maxBytes), ...(wanted.hash ? [hashing(wanted.hash)] : [])];
        if (content.sizeBytes !== undefined) {
          if (content.sizeBytes > maxBytes) {
            content.body.on('error', () => undefined).destroy();
            throw tooLarge(maxBytes);
          }
          await pipeline([content.body, ...checks, sink(content.sizeBytes)], { signal });
          return true;
        }
        await using spooled = await spool(scratchDir, checks, { content, signal });
        await pipeline(spooled.open(), sink(spooled.sizeBytes), { signal });
        return true;
      } catch (error) {
        callerSignal.throwIfAborted();
        throw translateError(error);
      }
    },
    async countOf(held, callerSignal) {
      const signal = limited(callerSignal);
      try {
        return await persist(() => countFiles(held, downloadFrom(), signal), signal);
      } catch {
        callerSignal.throwIfAborted();
        // It can't be asked this; what comes of the download itself says whether it is there at all.
        return undefined;
      }
    },
    async close() {
      await guarded.close();
      await unguarded.close();
    },
  };
}
