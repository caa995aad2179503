/**
 * Sends files of assets to the gateway: over HTTP, on the network of the node's own services, for a ticket that counts once and for seconds.
 * The gateway has looked at the order; what is sealed is opened here, and nothing of it travels over NATS.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Config } from '@capstan/shared/config/schema';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { FILENAME_HEADER, type FileTicketAnswer, type FileTicketQuestion } from '@capstan/shared/contract/file-ticket';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { GB } from '@capstan/shared/contract/sizes';
import { askedRange, spanOf, type AskedRange, type Span } from '../fetch/byte-range.ts';
import type { Content } from '../fetch/content.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import { describedAs } from '../fetch/file-names.ts';
import { portionOf } from '../fetch/portion.ts';
import { drop } from '../fetch/resume.ts';
import { locate, userdataOf, type OwnNode } from '../fetch/sealed-files.ts';
import { checksumOf, type UserData } from '../fetch/source.ts';

interface FileSenderOptions {
  readonly settings: Pick<Config['runner'], 'files' | 'fetch'>;
  readonly fetcher: Pick<Fetcher, 'openOnce'>;
  readonly own: OwnNode;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FileSender extends Service {
  ticketFor(question: FileTicketQuestion): FileTicketAnswer;
}

interface Wanted {
  readonly file: AssetFile;
  readonly index: number;
  readonly userdata: UserData;
  readonly untilMs: number;
}

/** The gateway comes at once. */
const TICKET_MS = 15_000;
const MOST_TICKETS = 200;
/** Files that are sent at a time. */
const MOST_SENT = 100;
/** Until the source has begun to answer. */
const OPEN_MS = 30_000;

export function createFileSender({ settings, fetcher, own, clock, log }: FileSenderOptions): FileSender {
  const tickets = new Map<string, Wanted>();
  const stopping = new AbortController();
  let sending = 0;
  let isOpen = false;
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.debug({ problem: messageOf(error) }, 'a file that was being sent broke off');
      response.destroy();
    });
  });
  const maxBytes = settings.fetch.maxFileGB * GB;

  const redeem = (url = ''): Wanted | undefined => {
    const ticket = /^\/files\/([0-9a-f]{64})$/.exec(url)?.[1] ?? '';
    const wanted = tickets.get(ticket);
    tickets.delete(ticket);
    return wanted && wanted.untilMs > clock.monotonicMs() ? wanted : undefined;
  };

  const open = async (wanted: Wanted, range: AskedRange | undefined, condition: string | undefined) => {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(settings.fetch.totalTimeoutS * 1_000)]);
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new DOMException('late', 'TimeoutError')), OPEN_MS);
    try {
      const from = range?.start ?? 0;
      const both = AbortSignal.any([signal, limit.signal]);
      const content = await fetcher.openOnce(wanted.file, wanted.userdata, both, from);
      const isAsked = condition === undefined || condition === etagOf(content);
      if (isAsked || range === undefined) return { content, range };
      // It is another file by now than the one that the range is of: all of it.
      if ((content.startsAt ?? 0) === 0) return { content, range: undefined };
      drop(content.body);
      return { content: await fetcher.openOnce(wanted.file, wanted.userdata, both, 0), range: undefined };
    } finally {
      clearTimeout(timer);
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const wanted = request.method === 'GET' ? redeem(request.url) : undefined;
    if (!wanted) return refuse(response, 404, 'no such ticket');
    if (sending >= MOST_SENT) return refuse(response, 503, 'busy');
    sending += 1;
    try {
      const condition = request.headers['if-range'];
      const asked = askedRange(request.headers.range);
      const { content, range } = await open(wanted, asked, condition === undefined ? undefined : String(condition));
      await send(response, { wanted, content, range, maxBytes });
    } catch (error) {
      if (response.headersSent) throw error;
      log.debug({ problem: messageOf(error) }, 'a file could not be sent');
      const isGone = hasCode(error, 'FETCH_FAILED', 'FETCH_ABSENT');
      refuse(response, isGone ? 502 : 503, isGone ? messageOf(error) : 'its source does not answer');
    } finally {
      sending -= 1;
    }
  };

  const locateFile = ({ asset, fileIndex }: FileTicketQuestion): FileTicketAnswer | Wanted => {
    const located = locate({ transferTxId: '', ...asset }, own);
    if (located.kind === 'held') return { v: 1, problem: 'elsewhere' };
    const file = located.files[fileIndex];
    // What a job left is its owner's, by the route of results.
    if (!file || file.type === 'result') return { v: 1, problem: 'absent' };
    const userdata = userdataOf(asset.sealedUserdata, own.key);
    return { file, index: fileIndex, userdata, untilMs: clock.monotonicMs() + TICKET_MS };
  };

  return {
    name: 'file sender',
    ticketFor(question) {
      if (!isOpen) return { v: 1, problem: 'closed' };
      for (const [ticket, { untilMs }] of tickets) if (untilMs <= clock.monotonicMs()) tickets.delete(ticket);
      if (tickets.size >= MOST_TICKETS) return { v: 1, problem: 'busy' };
      try {
        const found = locateFile(question);
        if ('v' in found) return found;
        const ticket = randomBytes(32).toString('hex');
        tickets.set(ticket, found);
        return { v: 1, url: `${addressOf(server.address() as AddressInfo, settings.files.url)}/files/${ticket}` };
      } catch (error) {
        // What it says of sealed files names no address.
        return { v: 1, problem: 'unreadable', reason: messageOf(error).slice(0, 1_000) };
      }
    },
    start: () =>
      new Promise((resolve) => {
        server.once('error', (error) => {
          log.error({ problem: messageOf(error) }, 'no files can be sent: see runner.files; jobs go on');
          resolve();
        });
        server.listen(settings.files.port, settings.files.host, () => {
          isOpen = true;
          resolve();
        });
      }),
    async stop() {
      isOpen = false;
      stopping.abort();
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Sending {
  readonly wanted: Wanted;
  readonly content: Content;
  readonly range: AskedRange | undefined;
  readonly maxBytes: number;
}

async function send(response: ServerResponse, { wanted, content, range, maxBytes }: Sending): Promise<void> {
  const { sizeBytes, body, startsAt = 0 } = content;
  if (sizeBytes !== undefined && sizeBytes > maxBytes) {
    drop(body);
    return refuse(response, 502, 'it is larger than this node takes');
  }
  const span = range && sizeBytes !== undefined ? (spanOf(range, sizeBytes) ?? 'outside') : undefined;
  response.setHeaders(headersOf(wanted, content));
  if (span === 'outside') {
    drop(body);
    response.writeHead(416, { 'content-range': `bytes */${sizeBytes ?? 0}` }).end();
    return;
  }
  response.writeHead(span ? 206 : 200, lengthsOf(span, sizeBytes));
  const take = span ? span.end - span.start + 1 : sizeBytes;
  const expected = span ? undefined : checksumOf(wanted.file);
  await pipeline(portionOf(body, { skip: (span?.start ?? 0) - startsAt, take, maxBytes, expected }), response);
}

function lengthsOf(span: Span | undefined, sizeBytes: number | undefined): Record<string, string> {
  if (!span) return sizeBytes === undefined ? {} : { 'content-length': String(sizeBytes) };
  return {
    'content-length': String(span.end - span.start + 1),
    'content-range': `bytes ${span.start}-${span.end}/${sizeBytes}`,
  };
}

function headersOf({ file, index }: Wanted, content: Content): Headers {
  const { filename, contentType } = describedAs(file, index, content);
  const etag = etagOf(content);
  return new Headers({
    [FILENAME_HEADER]: encodeURIComponent(filename),
    ...(contentType === '' ? {} : { 'content-type': contentType }),
    ...(content.sizeBytes === undefined ? {} : { 'accept-ranges': 'bytes' }),
    ...(etag === undefined ? {} : { etag }),
  });
}

/** Says nothing of what its source calls it. */
function etagOf({ validator, sizeBytes }: Content): string | undefined {
  if (validator === undefined || sizeBytes === undefined) return undefined;
  return `"${createHash('sha256').update(`${validator} ${sizeBytes}`).digest('hex')}"`;
}

function refuse(response: ServerResponse, status: number, problem: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ problem }));
}

function addressOf({ address, port, family }: AddressInfo, configured: string | undefined): string {
  return configured ?? `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
