/**
 * A program of its own, in a container that has a network and serves one job: an HTTP proxy on a socket in a volume. It resolves names
 * itself and connects to the very address that it has judged, so no name can mean another address a moment later.
 */
import { Resolver } from 'node:dns/promises';
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { addressRule, portRule, type AddressRanges } from '@capstan/shared/net/address-rule';
import { createPace } from '@capstan/shared/net/pace';

interface Rules extends AddressRanges {
  readonly ports: readonly number[];
}

const [socketPath = '', rulesText = '{"allow":[],"deny":[],"ports":[80,443]}'] = process.argv.slice(2);
const rules = JSON.parse(rulesText) as Rules;
const isAllowed = addressRule(rules);
const isOpen = portRule(rules);

const MAX_CONNECTIONS = 256;
/** Names that are looked up count, too: their questions are remembered as connections are. */
const turn = createPace({ perSecond: 50, burst: 500 });
/** A name may have a thousand addresses: not all of them are tried. */
const MOST_TRIED = 8;
const CONNECT_TIMEOUT_MS = 15_000;
const IDLE_TIMEOUT_MS = 600_000;
/** They speak of one side of the proxy only. */
const HOP_HEADERS = new Set(['proxy-connection', 'proxy-authorization', 'connection', 'keep-alive', 'te', 'upgrade']);

/** What the job hears: why not, and nothing of what lies behind a name. */
interface Refusal {
  readonly status: 400 | 403 | 502;
  readonly text: string;
}
const FORBIDDEN: Refusal = { status: 403, text: 'This job may reach public addresses only.' };
const UNREACHABLE: Refusal = { status: 502, text: 'The server could not be reached.' };
const CLOSED: Refusal = { status: 403, text: `This job may speak to ports ${rules.ports.join(', ')} only.` };
const MALFORMED: Refusal = { status: 400, text: 'This is a proxy for HTTP, and for CONNECT.' };

type Reached =
  | { readonly kind: 'reached'; readonly socket: Socket }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Names that never mean a server of the public: nobody is asked for them, and no answer of the operator's own network is waited for. */
const NO_PUBLIC_NAME = /^[^.]*\.?$|(^|\.)(localhost|invalid|test|onion)\.?$/i;

async function addressesOf(host: string): Promise<readonly string[]> {
  if (NO_PUBLIC_NAME.test(host)) return [];
  const resolver = new Resolver({ timeout: 5_000, tries: 2 });
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return [four, six].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

/** A name that has a forbidden address, also among others, is answered like one that nobody has: which names the operator's network knows is nobody's business. */
async function reach(host: string, port: number): Promise<Reached> {
  const isLiteral = isIP(host) > 0;
  await pause(turn(performance.now()));
  if (isLiteral && !isAllowed(host)) return { kind: 'refused', refusal: FORBIDDEN };
  const addresses = isLiteral ? [host] : await addressesOf(host);
  if (addresses.some((address) => !isAllowed(address))) return { kind: 'refused', refusal: UNREACHABLE };
  const open = addresses.filter((address) => isOpen(address, port));
  if (open.length === 0 && addresses.length > 0) return { kind: 'refused', refusal: CLOSED };
  for (const address of open.slice(0, MOST_TRIED)) {
    const socket = await dial(address, port);
    if (socket) return { kind: 'reached', socket };
  }
  return { kind: 'refused', refusal: UNREACHABLE };
}

function dial(address: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: CONNECT_TIMEOUT_MS });
    const give = (result: Socket | undefined) => {
      socket.removeAllListeners();
      if (!result) socket.on('error', () => undefined).destroy();
      resolve(result);
    };
    socket.once('connect', () => give(socket));
    socket.once('error', () => give(undefined));
    socket.once('timeout', () => give(undefined));
  });
}

/** `host:port`, `[v6]:port`. */
function targetOf(text: string | undefined): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^[\]:@/]+)):(\d{1,5})$/.exec(text ?? '') ?? [];
  const host = bracketed ?? plain;
  return host === undefined || Number(port) > 65_535 || Number(port) === 0 ? undefined : { host, port: Number(port) };
}

async function tunnel(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
  const refuse = ({ status, text }: Refusal) =>
    client.end(`HTTP/1.1 ${status} Refused\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${text}\n`);
  const target = targetOf(request.url);
  if (!target) return void refuse(MALFORMED);
  const reached = await reach(target.host, target.port);
  if (reached.kind === 'refused') return void refuse(reached.refusal);
  const { socket } = reached;
  socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  socket.write(head);
  await Promise.allSettled([pipeline(client, socket), pipeline(socket, client)]);
}

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refuse = ({ status, text }: Refusal) =>
    void response.writeHead(status, { connection: 'close' }).end(`${text}\n`);
  const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
  if (url?.protocol !== 'http:') return refuse(MALFORMED);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const reached = await reach(host, Number(url.port || '80'));
  if (reached.kind === 'refused') return refuse(reached.refusal);
  const headers = Object.entries(request.headers).filter(([name]) => !HOP_HEADERS.has(name));
  const upstream = ask({
    method: request.method ?? 'GET',
    path: url.pathname + url.search,
    headers: { ...Object.fromEntries(headers), host: url.host, connection: 'close' },
    createConnection: () => reached.socket,
  });
  upstream.setTimeout(IDLE_TIMEOUT_MS, () => upstream.destroy());
  upstream.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    pipeline(answer, response).catch(() => undefined);
  });
  upstream.once('error', () => (response.headersSent ? response.destroy() : refuse(UNREACHABLE)));
  await pipeline(request, upstream).catch(() => undefined);
}

const server = createServer((request, response) => {
  forward(request, response).catch(() => response.destroy());
});
server.maxConnections = MAX_CONNECTIONS;
server.on('connect', (request, client, head) => {
  client.on('error', () => undefined);
  tunnel(request, client, head).catch(() => client.destroy());
});
server.listen(socketPath, () => process.stdout.write('ready\n'));
