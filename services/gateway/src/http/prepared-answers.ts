/**
 * Answers that are given again as they are: clients ask for the same status all day. They stand before everything else that a request goes
 * through, for requests that bring nothing but an address; such a one was answered the long way before, and what it was told is still true.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Context } from 'koa';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import type { StillTrue } from '../status/still-true.ts';
import type { RequireHost } from '../auth/hosts.ts';
import { readPlain } from './plain-request.ts';
import { admits, type RateLimits } from './limits.ts';
import { logRequest } from './request-log.ts';

export interface Answered {
  /** JSON. */
  readonly text: string;
  /** Beside those that every answer here has. */
  readonly headers: Readonly<Record<string, string>>;
  /** As in the header, in quotes. */
  readonly etag?: string | undefined;
  readonly isStillTrue: StillTrue;
}

export type Keep = (ctx: Pick<Context, 'req' | 'method'>, answer: Answered) => void;

export interface PreparedAnswers {
  /** Keeps what was answered, if the request was one that anybody could have sent. */
  readonly keep: Keep;
  /** Answers a request with what is kept; false if it must go the long way. */
  serve(request: IncomingMessage, response: ServerResponse): boolean;
}

/** All together, with their addresses. */
const MOST_BYTES = 64_000_000;
/** A longer one costs so much by itself that preparing it saves little. */
const MOST_BYTES_OF_ONE = 1_000_000;
/** What an entry costs beside its texts, about. */
const BYTES_OF_ENTRY = 1_000;

interface Prepared {
  readonly text: string;
  readonly encoding: 'latin1' | 'utf8';
  readonly etag: string | undefined;
  readonly isStillTrue: StillTrue;
  /** Names and values in turn, as they are sent. */
  readonly headers: readonly string[];
  readonly unchangedHeaders: readonly string[];
}

interface PreparedAnswersOptions {
  readonly rateLimits: RateLimits;
  readonly requireHost: RequireHost;
  readonly corsOrigins: readonly string[];
  readonly log: Log;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export function createPreparedAnswers(options: PreparedAnswersOptions): PreparedAnswers {
  const { rateLimits, requireHost, corsOrigins, log, clock } = options;
  const kept = new LRUCache<string, Prepared>({
    maxSize: MOST_BYTES,
    maxEntrySize: MOST_BYTES_OF_ONE,
    sizeCalculation: ({ text, encoding }, address) =>
      BYTES_OF_ENTRY + address.length + (encoding === 'latin1' ? text.length : text.length * 2),
  });
  const forAll = corsOrigins.includes('*') ? [] : ['Vary', 'Origin'];

  const isAllowed = (request: IncomingMessage, host: string): boolean => {
    try {
      requireHost([host]);
    } catch {
      // The long way says what is wrong with it.
      return false;
    }
    return admits(request, rateLimits);
  };

  return {
    keep({ req, method }, { text, headers, etag, isStillTrue }) {
      const { url } = req;
      if (method !== 'GET' || url === undefined || readPlain(req.rawHeaders) === undefined || !isStillTrue()) return;
      const length = Buffer.byteLength(text);
      const unchangedHeaders = [...forAll, ...entriesOf({ ...headers, ...(etag === undefined ? {} : { ETag: etag }) })];
      kept.set(url, {
        text,
        encoding: length === text.length ? 'latin1' : 'utf8',
        etag,
        isStillTrue,
        unchangedHeaders,
        headers: ['Content-Type', JSON_TYPE, 'Content-Length', String(length), ...unchangedHeaders],
      });
    },
    serve(request, response) {
      const { url = '', method } = request;
      if (method !== 'GET') return false;
      const answer = kept.get(url);
      if (answer === undefined) return false;
      if (!answer.isStillTrue()) {
        kept.delete(url);
        return false;
      }
      const plain = readPlain(request.rawHeaders);
      const startMs = clock.monotonicMs();
      if (plain === undefined || !canMatch(plain.ifNoneMatch) || !isAllowed(request, plain.host)) return false;
      const isKnown = answer.etag !== undefined && plain.ifNoneMatch === answer.etag;
      if (isKnown) response.writeHead(304, answer.unchangedHeaders as string[]).end();
      else response.writeHead(200, answer.headers as string[]).end(answer.text, answer.encoding);
      logRequest(log, { method, url, status: isKnown ? 304 : 200, ms: clock.monotonicMs() - startMs });
      return true;
    },
  };
}

const JSON_TYPE = 'application/json; charset=utf-8';

const entriesOf = (headers: Readonly<Record<string, string>>) => Object.entries(headers).flat();

/** Lists, weak ones and `*` are compared the long way. */
const canMatch = (ifNoneMatch: string | undefined) => ifNoneMatch === undefined || /^"[^"]*"$/.test(ifNoneMatch);
