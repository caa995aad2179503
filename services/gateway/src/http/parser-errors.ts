/** What Node refuses by itself never becomes a request of ours: it gets its answer here, in the form of all other errors. */
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { systemCode } from '@capstan/shared/contract/errors';

interface Refusal {
  readonly status: 400 | 408 | 413 | 417 | 431;
  readonly error: string;
}

const MALFORMED: Refusal = {
  status: 400,
  error: 'This is not a well-formed HTTP request. Send it by a library for HTTP.',
};

/** By Node's error codes. */
const REFUSALS: ReadonlyMap<string | undefined, Refusal> = new Map([
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    { status: 408, error: 'The request took too long to arrive. Send it again, all of it at once.' },
  ],
  [
    'HPE_HEADER_OVERFLOW',
    {
      status: 431,
      error: 'The headers, or the URL among them, are too large. Send less, or what may stand in a body there.',
    },
  ],
  [
    'HPE_CHUNK_EXTENSIONS_OVERFLOW',
    { status: 413, error: 'The extensions of a chunk are too large. Send the body without them.' },
  ],
]);

/** How long a client may go on sending what is thrown away: closed at once, the connection would take the answer with it. */
const LINGER_MS = 1_000;

const NOT_EXPECTED: Refusal = {
  status: 417,
  error: 'The header Expect asks for what this node does not know. Leave it out, or send 100-continue.',
};

export function answerParserErrors(server: Server): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  const refused = new WeakSet<Duplex>();
  server.on('request', (request: IncomingMessage, response) => latest.set(request.socket, response));
  server.on('checkExpectation', (_request, response) => {
    const body = bodyOf(NOT_EXPECTED);
    const { status } = NOT_EXPECTED;
    // What it was to be asked for first follows, or does not: nobody can tell where the next request begins.
    response.writeHead(status, headersOf(body)).end(body);
  });
  server.on('clientError', (error, socket) => {
    // More of what was refused already.
    if (refused.has(socket)) return;
    refused.add(socket);
    const response = latest.get(socket);
    // In the middle of an answer, anything we said would be taken for a part of it.
    const isAnswering = response?.headersSent === true && !response.writableEnded;
    if (!socket.writable || isAnswering || systemCode(error) === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    // Our handler replaces Node's, which an error of the socket itself would otherwise end the process without.
    socket.on('error', () => socket.destroy());
    socket.end(responseOf(REFUSALS.get(systemCode(error)) ?? MALFORMED));
    const limit = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(limit));
  });
}

function responseOf(refusal: Refusal): string {
  const { status } = refusal;
  const body = bodyOf(refusal);
  const lines = Object.entries(headersOf(body)).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}

const bodyOf = ({ error }: Refusal) => JSON.stringify({ error });

const headersOf = (body: string) => ({
  Connection: 'close',
  'Content-Type': 'application/json; charset=utf-8',
  'Content-Length': String(Buffer.byteLength(body)),
});
