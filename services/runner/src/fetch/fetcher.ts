/** Opens an asset's file, whatever its kind, with the node's limits and retries. How to add a kind: one more in `openers.ts`. */
import { createHash, type Hash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import { limited } from '@capstan/shared/runtime/limited';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { ChainConfig } from '@capstan/shared/config/chains';
import type { Config } from '@capstan/shared/config/schema';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { createAddressRule, createGuardedAgent } from '@capstan/shared/net/ssrf-guard';
import { quiet } from '@capstan/shared/net/decoded';
import { resolveOwnName, type ResolveName } from '@capstan/shared/net/resolve-name';
import { retry } from '@capstan/shared/runtime/retry';
import { GB } from '@capstan/shared/contract/sizes';
import { checking, largerThan, type Checks, type Content } from './content.ts';
import { createDownload, translateError, type Download } from './download.ts';
import { countFiles, createProviderRequests, type Held } from './kinds/provider.ts';
import { createOpeners, openFile, type OpenResult } from './openers.ts';
import { atLeast } from './least-rate.ts';
import { drop } from './resume.ts';
import { checksumOf, failed, parseUrl, type SourceFile, type UserData } from './source.ts';
import { spool } from './spool.ts';

export interface Wanted {
  readonly file: SourceFile;
  readonly userdata: UserData;
  /** Gets the bytes as they come. */
  readonly hash?: Hash;
  /** What the job may still take, of this file and those after it. */
  readonly allowance?: Allowance;
  /** Hears of the size, undefined if the source doesn't say, and of all bytes. */
  readonly watcher?: Watcher;
  /** Whether the source may say that there is no such file. */
  readonly mayBeAbsent?: boolean;
}

export interface Allowance {
  readonly leftBytes: number;
  readonly exceeded: () => CapstanError;
}

export interface Watcher {
  opened(sizeBytes: number | undefined): void;
  passed(bytes: number): void;
}

/** Takes a file whose size is known; resolves once it has all of it. */
export type Sink = (sizeBytes: number) => NodeJS.WritableStream;

export interface Fetcher {
  /**
   * Resolves to whether there was such a file. Throws FETCH_FAILED for good, FETCH_INTERRUPTED when it broke while the sink was being
   * filled: then all may be tried again.
   */
  fetchInto(wanted: Wanted, sink: Sink, signal: AbortSignal): Promise<boolean>;
  /** Opens it once, without trying again: for who looks at it, or reads it as it comes. Whoever gets it closes it. Throws FETCH_…. */
  openOnce(file: SourceFile, userdata: UserData, signal: AbortSignal, from?: number): Promise<Content>;
  /** How many files a service at another provider has; undefined where that provider doesn't say. */
  countOf(held: Held, signal: AbortSignal): Promise<number | undefined>;
  close(): Promise<void>;
}

interface FetcherOptions {
  readonly limits: Config['runner']['fetch'];
  /** Ranges of public addresses that are not to be reached. */
  readonly deny: Config['runner']['egress']['deny'];
  readonly chains: readonly ChainConfig[];
  /** Signs what is asked of other providers. */
  readonly key: NodeKey;
  readonly clock: Clock;
  readonly catalogueDir: string;
  readonly scratchDir: string;
  readonly openResult: OpenResult;
  readonly log: Log;
  /** The usual ways if absent. */
  readonly resolveName?: ResolveName;
}

const RETRIES = 3;
const BUFFER_BYTES = 256 * 1024;

export function createFetcher(options: FetcherOptions): Fetcher {
  const { limits, chains, key, clock, catalogueDir, scratchDir, openResult, log } = options;
  const names = options.resolveName ? { resolveName: options.resolveName } : {};
  const idleTimeoutMs = limits.idleTimeoutS * 1_000;
  const guarded = createGuardedAgent({
    isAllowed: createAddressRule(limits.allowPrivate, 'runner.fetch.allowPrivate', { deny: options.deny }),
    idleTimeoutMs,
    ...names,
  });
  // The operator's own servers may be anywhere, also beside this node.
  const unguarded = createGuardedAgent({ isAllowed: () => true, idleTimeoutMs, resolveName: resolveOwnName, ...names });
  const spoolPlace = { scratchDir, keepFreeBytes: limits.keepFreeGB * GB };

  const checksOf = ({ allowance, watcher }: Wanted): Checks => {
    const maxBytes = limits.maxFileGB * GB;
    const onBytes = watcher ? { onBytes: (bytes: number) => watcher.passed(bytes) } : {};
    return allowance && allowance.leftBytes < maxBytes
      ? { maxBytes: allowance.leftBytes, tooLarge: allowance.exceeded, ...onBytes }
      : { maxBytes, tooLarge: largerThan(maxBytes), ...onBytes };
  };

  const downloadFrom = (operatorsOwn?: string): Download => {
    const own = operatorsOwn === undefined ? undefined : parseUrl(operatorsOwn).origin;
    // Where it redirects to, it speaks for itself no more.
    return createDownload((url): Dispatcher => (url.origin === own ? unguarded : guarded));
  };
  const openers = createOpeners({
    settings: limits,
    chains,
    catalogueDir,
    openResult,
    downloadFrom,
    signRequest: createProviderRequests(key, () => clock.now()),
  });

  const retryFetch = <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> =>
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
      const content = await retryFetch(() => openFile(openers, file, { userdata, signal }), signal);
      quiet(content.body);
      return content;
    } catch (error) {
      if (!hasCode(error, 'FETCH_ABSENT')) throw error;
      if (mayBeAbsent) return undefined;
      throw new CapstanError('FETCH_FAILED', error.message, { cause: error });
    }
  };

  const inTime = (callerSignal: AbortSignal) => limited(limits.totalTimeoutS * 1_000, callerSignal);

  /** What is read as it comes must come at the least rate, too: a source that drips would keep a place for as long as its reader waits. */
  const steady = (body: Content['body']): Content['body'] => {
    const passed = new PassThrough({ highWaterMark: BUFFER_BYTES });
    pipeline(body, atLeast(limits, clock), passed).catch(() => undefined);
    return quiet(passed);
  };

  const take = async (
    content: Content,
    checks: Checks,
    { wanted, sink, signal }: { wanted: Wanted; sink: Sink; signal: AbortSignal },
  ) => {
    const { sizeBytes, body } = content;
    wanted.watcher?.opened(sizeBytes);
    if (sizeBytes !== undefined) {
      if (sizeBytes > checks.maxBytes) {
        drop(body);
        throw checks.tooLarge();
      }
      await pipeline(body, atLeast(limits, clock), checking(checks), sink(sizeBytes), { signal });
      return;
    }
    await using spooled = await spool(spoolPlace, [atLeast(limits, clock), checking(checks)], { content, signal });
    await pipeline(spooled.open(), sink(spooled.sizeBytes), { signal });
  };

  return {
    async fetchInto(wanted, sink, callerSignal) {
      using limit = inTime(callerSignal);
      const { signal } = limit;
      try {
        const content = await open(wanted, signal);
        if (!content) return false;
        const expected = checksumOf(wanted.file);
        const sum = expected === undefined ? undefined : createHash('sha256');
        const hashes = [wanted.hash, sum].filter((hash) => hash !== undefined);
        const checks = { ...checksOf(wanted), hashes };
        await take(content, checks, { wanted, sink, signal });
        if (sum && sum.digest('hex') !== expected) {
          throw failed('it is not the file that its owner gave the checksum of');
        }
        return true;
      } catch (error) {
        callerSignal.throwIfAborted();
        throw translateError(error);
      }
    },
    async openOnce(file, userdata, signal, from = 0) {
      const content = await openFile(openers, file, { userdata, signal, from });
      return { ...content, body: steady(content.body) };
    },
    async countOf(held, callerSignal) {
      using limit = inTime(callerSignal);
      const { signal } = limit;
      try {
        return await retryFetch(() => countFiles(held, downloadFrom(), signal), signal);
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
