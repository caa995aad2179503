/** `GET /api/services/computeResult`: the bytes of one result, whole or a range of them. */
import { create as contentDisposition } from 'content-disposition';
import type { Context } from 'koa';
import { parse as parseRange } from 'range-parser';
import { ResultQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { SEALED_SUFFIX } from '@capstan/shared/contract/manifest';
import { CapstanError } from '@capstan/shared/errors';
import { compile } from '@capstan/shared/validate';
import type { ResultRequest } from '../../jobs/result.ts';
import type { OpenedResult } from '../../results/open.ts';
import { checkedSigned, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

/** Bit of range-parser's verdict for a header that is no range at all: it is passed over. */
const MALFORMED = 1;
const validate = compile(ResultQuerySchema);

export function getResultRoute(openResult: (request: ResultRequest) => Promise<OpenedResult>): Route {
  return route(ENDPOINTS.computeResult, async (ctx) => {
    const opened = await openResult(checkedSigned(validate, parameters(ctx.query), ctx));
    try {
      answer(ctx, opened);
    } catch (error) {
      await opened.close();
      throw error;
    }
    // Nothing will read it: a HEAD, a 304.
    if (ctx.method === 'HEAD' || ctx.status === 304) await opened.close();
  });
}

function answer(ctx: Context, opened: OpenedResult): void {
  const { filename, filesize, sha256, type } = opened.file;
  const name = filename.split('/').at(-1) ?? filename;
  ctx.set({
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-cache',
    // Without the space after the semicolon: in this form, and no other, ocean.js finds the name.
    'Content-Disposition': contentDisposition(name).replace(/^attachment; (?=filename=[^"])/, 'attachment;'),
    // What an algorithm wrote is never to be run by a browser in the node's name.
    'Content-Security-Policy': 'sandbox',
    'X-Content-Type-Options': 'nosniff',
  });
  ctx.etag = sha256;
  // Sets no type where the name has none that is known.
  ctx.type = type === 'output' || name.endsWith(SEALED_SUFFIX) ? name : 'text/plain';
  if (!ctx.response.type) ctx.type = 'application/octet-stream';

  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  const range = requestedRange(ctx, filesize, `"${sha256}"`);
  if (range) {
    ctx.status = 206;
    ctx.set('Content-Range', `bytes ${range.start}-${range.end}/${filesize}`);
  }
  if (ctx.method !== 'HEAD') ctx.body = opened.read(range);
  ctx.length = range ? range.end - range.start + 1 : filesize;
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
