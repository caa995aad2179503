/** `GET /api/services/computeResult`: the bytes of one result, whole or a range of them. */
import type { Context } from 'koa';
import { parse as parseRange } from 'range-parser';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { SEALED_SUFFIX } from '@capstan/shared/results/manifest';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { OpenResult } from '../../status/result-access.ts';
import type { OpenedResult } from '../../results/open.ts';
import { createConnectionLimit, type TakePlace } from '../../limits/connection-limit.ts';
import { dispositionOf } from '../disposition.ts';
import { networkIn } from '../limits.ts';
import { route, type Handle } from '../route.ts';

/** Bit of range-parser's verdict for a header that is no range at all: it is passed over. */
const MALFORMED = 1;

/** Results that may be on their way at a time: each holds files open, and pieces of them in memory, for as long as its reader takes. */
const PLACES = { maxFollowers: 1_000, maxFollowersPerNetwork: 100, what: 'results' };

export function getResult(openResult: OpenResult, takePlace: TakePlace = createConnectionLimit(PLACES)) {
  const take = (ctx: Context) => {
    const leave = takePlace(networkIn(ctx));
    // However it ends, also if whoever asked is gone already.
    ctx.res.once('close', leave);
    if (ctx.res.closed) leave();
  };
  const give: Handle<typeof ENDPOINTS.computeResult> = async ({ input, caller, ctx }) => {
    const opened = await openResult(input, caller);
    try {
      answer(ctx, opened);
    } catch (error) {
      await opened.close();
      throw error;
    }
    // Nothing will read it: a HEAD, a 304.
    if (ctx.method === 'HEAD' || ctx.status === 304) await opened.close();
    return undefined;
  };
  return route(ENDPOINTS.computeResult, give, take);
}

function answer(ctx: Context, opened: OpenedResult): void {
  const { filename, filesize, sha256, type } = opened.file;
  const name = filename.split('/').at(-1) ?? filename;
  ctx.set({
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-cache',
    'Content-Disposition': dispositionOf(name, ctx.get('Sec-Fetch-Mode')),
    // What an algorithm wrote is never to be run by a browser in the node's name.
    'Content-Security-Policy': 'sandbox',
    'X-Content-Type-Options': 'nosniff',
  });
  ctx.etag = sha256;
  // Sets no type where the name has none that is known.
  ctx.type = type === 'output' || name.endsWith(SEALED_SUFFIX) ? name : 'text/plain';
  if (!ctx.response.type) ctx.type = 'application/octet-stream';

  ctx.status = 200;
  requireMatch(ctx, sha256);
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  // A range is for GET alone, says RFC 9110 §14.2.
  const range = ctx.method === 'GET' ? requestedRange(ctx, filesize, `"${sha256}"`) : undefined;
  if (range) {
    ctx.status = 206;
    ctx.set('Content-Range', `bytes ${range.start}-${range.end}/${filesize}`);
  }
  if (ctx.method !== 'HEAD') ctx.body = opened.read(range);
  ctx.length = range ? range.end - range.start + 1 : filesize;
}

/** Whoever fetches a file in parts says which file it is: a job that was started again has another one of the same name. */
function requireMatch(ctx: Context, sha256: string): void {
  const wanted = ctx.get('If-Match').trim();
  if (wanted === '' || wanted === '*' || wanted.split(',').some((each) => each.trim() === `"${sha256}"`)) return;
  throw new CapstanError(
    'PRECONDITION_FAILED',
    'The result is another file than the one that If-Match names: the job was run again. Fetch it from its beginning.',
    { headers: { ETag: `"${sha256}"` } },
  );
}

/** The one range that is asked for. Several at once are answered with the whole, as RFC 9110 §14.2 allows. */
function requestedRange(ctx: Context, size: number, etag: string): { start: number; end: number } | undefined {
  const header = ctx.get('Range');
  const condition = ctx.get('If-Range');
  if (!header || (condition && condition !== etag)) return undefined;
  const { code, type, ranges } = parseRange(size, header);
  if (type !== 'bytes' || (code & MALFORMED) !== 0) return undefined;
  if (ranges.length === 0) {
    throw new CapstanError('RANGE_NOT_SATISFIABLE', `The result has ${size} bytes; the range lies outside of them.`, {
      headers: { 'Content-Range': `bytes */${size}` },
    });
  }
  return ranges.length === 1 ? ranges[0] : undefined;
}
