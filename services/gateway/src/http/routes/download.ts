/** `GET /api/services/download`: a file of a service, whole or from somewhere on. */
import { DownloadQuerySchema } from '@capstan/shared/contract/asset-requests';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { CapstanError } from '@capstan/shared/contract/errors';
import { compileInput } from '@capstan/shared/schema/input';
import type { Download, SentFile } from '../../files/download.ts';
import type { Identify } from '../../auth/identify.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import type { TakePlace } from '../../limits/connection-limit.ts';
import { proofToRead } from '../caller.ts';
import { dispositionOf } from '../disposition.ts';
import { checkedSigned, parameters } from '../input.ts';
import { networkIn } from '../limits.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(DownloadQuerySchema);

interface DownloadRouteOptions {
  readonly download: Download;
  readonly identify: Identify;
  readonly askOutside: AskOutside;
  /** One of the downloads that may go on at a time. */
  readonly takeDownload: TakePlace;
}

export function downloadRoute({ download, identify, askOutside, takeDownload }: DownloadRouteOptions): Route {
  return route(ENDPOINTS.download, async (ctx) => {
    const proof = await proofToRead(ctx, ENDPOINTS.download, identify);
    const query = checkedSigned(validate, parameters(ctx.query), proof);
    const network = networkIn(ctx);
    const leave = takeDownload(network);
    // However it ends, also if whoever asked is gone already.
    ctx.res.once('close', leave);
    if (ctx.res.closed) leave();
    const isRead = ctx.method === 'GET';
    const [range, ifRange] = isRead ? [ctx.get('Range'), ctx.get('If-Range')] : ['', ''];
    const sent = await download(query, {
      proof,
      network,
      conditions: { ...(range === '' ? {} : { range }), ...(ifRange === '' ? {} : { ifRange }) },
      charge: () => askOutside(network, [query]),
    });
    const { status, filename, headers, body } = sent;
    if (status === 416) {
      body.destroy();
      throw outside(sent);
    }
    ctx.set(headers);
    ctx.set({
      'Cache-Control': 'private, no-store',
      'Content-Disposition': dispositionOf(filename, ctx.get('Sec-Fetch-Mode')),
      // What somebody else's server holds is never to be run by a browser in the node's name.
      'Content-Security-Policy': 'sandbox',
      'X-Content-Type-Options': 'nosniff',
    });
    if (!headers['content-type']) ctx.type = 'application/octet-stream';
    ctx.status = status;
    if (isRead) ctx.body = body;
    else body.destroy();
  });
}

function outside({ headers }: SentFile): CapstanError {
  const range = headers['content-range'];
  return new CapstanError('RANGE_NOT_SATISFIABLE', 'The range lies outside of the file.', {
    headers: range === undefined ? {} : { 'Content-Range': range },
  });
}
