/** `GET /api/services/download`: a file of a service, whole or from somewhere on. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Download, SentFile } from '../../files/download.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import type { TakePlace } from '../../limits/connection-limit.ts';
import { dispositionOf } from '../disposition.ts';
import { route } from '../route.ts';

interface DownloadRouteOptions {
  readonly download: Download;
  readonly askOutside: AskOutside;
  /** One of the downloads that may go on at a time. */
  readonly takeDownload: TakePlace;
}

export const downloadFile = ({ download, askOutside, takeDownload }: DownloadRouteOptions) =>
  route(ENDPOINTS.download, async ({ input, caller, ctx }) => {
    const leave = takeDownload(caller.network);
    // However it ends, also if whoever asked is gone already.
    ctx.res.once('close', leave);
    if (ctx.res.closed) leave();
    const isRead = ctx.method === 'GET';
    const [range, ifRange] = isRead ? [ctx.get('Range'), ctx.get('If-Range')] : ['', ''];
    const sent = await download(input, {
      ...caller,
      conditions: { ...(range === '' ? {} : { range }), ...(ifRange === '' ? {} : { ifRange }) },
      charge: () => askOutside(caller.network, [input]),
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
    return undefined;
  });

function outside({ headers }: SentFile): CapstanError {
  const range = headers['content-range'];
  return new CapstanError('RANGE_NOT_SATISFIABLE', 'The range lies outside of the file.', {
    headers: range === undefined ? {} : { 'Content-Range': range },
  });
}
