/** Opens an asset's file, whatever its kind, with the node's limits and retries. How to add a kind: one more case of `openOnce`. */
import type { Hash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Config } from '@capstan/shared/config/schema';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { CapstanError } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import { retry } from '@capstan/shared/retry';
import { createAddressRule, createGuardedAgent } from './address-guard.ts';
import { openCatalogueFile } from './catalogue-file.ts';
import { GB, hashing, limitBytes, tooLarge, type Content } from './content.ts';
import { download, translateError, type UserData } from './download.ts';
import { spool } from './spool.ts';

export interface Wanted {
  readonly file: AssetFile;
  readonly userdata: UserData;
  /** Gets the bytes as they come. */
  readonly hash?: Hash;
}

/** Takes a file whose size is known; resolves once it has all of it. */
export type Sink = (sizeBytes: number) => NodeJS.WritableStream;

export interface Fetcher {
  /** Throws FETCH_FAILED for good, FETCH_INTERRUPTED when it broke while the sink was being filled: then all may be tried again. */
  fetchInto(wanted: Wanted, sink: Sink, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface FetcherOptions {
  readonly limits: Config['runner']['fetch'];
  readonly catalogueDir: string;
  readonly scratchDir: string;
  readonly log: Log;
}

const RETRIES = 3;

export function createFetcher({ limits, catalogueDir, scratchDir, log }: FetcherOptions): Fetcher {
  const dispatcher = createGuardedAgent(createAddressRule(limits.allowPrivate), limits.idleTimeoutS * 1_000);
  const maxBytes = limits.maxFileGB * GB;

  const openOnce = (file: AssetFile, userdata: UserData, signal: AbortSignal): Promise<Content> => {
    switch (file.type) {
      case 'url':
        return download(file, { userdata, dispatcher, signal });
      case 'catalogue':
        return openCatalogueFile(catalogueDir, file.path);
    }
  };

  const open = ({ file, userdata }: Wanted, signal: AbortSignal) =>
    retry(() => openOnce(file, userdata, signal), {
      signal,
      retries: RETRIES,
      minDelayMs: 200,
      maxDelayMs: 5_000,
      onRetry: (error, attempt) => log.debug({ problem: error.message, attempt }, 'a file did not come, trying again'),
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      // It was tried often enough.
      throw new CapstanError('FETCH_FAILED', translateError(error).message, { cause: error });
    });

  return {
    async fetchInto(wanted, sink, callerSignal) {
      const signal = AbortSignal.any([callerSignal, AbortSignal.timeout(limits.totalTimeoutS * 1_000)]);
      try {
        const content = await open(wanted, signal);
        const checks = [limitBytes(maxBytes), ...(wanted.hash ? [hashing(wanted.hash)] : [])];
        if (content.sizeBytes !== undefined) {
          if (content.sizeBytes > maxBytes) {
            content.body.on('error', () => undefined).destroy();
            throw tooLarge(maxBytes);
          }
          await pipeline([content.body, ...checks, sink(content.sizeBytes)], { signal });
          return;
        }
        await using spooled = await spool(scratchDir, checks, { content, signal });
        await pipeline(spooled.open(), sink(spooled.sizeBytes), { signal });
      } catch (error) {
        callerSignal.throwIfAborted();
        throw translateError(error);
      }
    },
    close: () => dispatcher.close(),
  };
}
