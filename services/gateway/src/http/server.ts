/** Listens, and stops gracefully: answers what it has begun, then closes. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Koa from 'koa';
import type { Config } from '@capstan/shared/config/schema';
import { CapstanError, messageOf, systemCode } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { oneByOne } from './one-by-one.ts';
import type { PreparedAnswers } from './prepared-answers.ts';
import { answerParserErrors } from './parser-errors.ts';
import { prefixOf, withoutAuthority, withoutDoubledSlashes, withoutPrefix } from './prefix.ts';

type Limits = Config['gateway']['limits'];

const STOP_LIMIT_MS = 5_000;

/** Longer than a long poll waits, and than the pause between two heartbeats of an event stream. */
const IDLE_LIMIT_MS = 120_000;

/** How often connections are looked at for being too slow, at least. */
const CHECK_EVERY_MS = 2_000;

/** A server that is not listening yet, with its limits. */
export function createLimitedServer({ headersTimeoutS, requestTimeoutS, keepAliveS, maxConnections }: Limits): Server {
  const headersTimeout = headersTimeoutS * 1000;
  const server = createServer({
    headersTimeout,
    requestTimeout: requestTimeoutS * 1000,
    keepAliveTimeout: keepAliveS * 1000,
    connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, headersTimeout / 2),
    // Clients offer HTTP/2 in passing (`Upgrade: h2c`); whoever does gets HTTP/1.1.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  });
  server.maxConnections = maxConnections;
  // Neither side says anything: no answer waits longer for its reader, and none of ours is silent for so long.
  server.setTimeout(IDLE_LIMIT_MS);
  answerParserErrors(server);
  return server;
}

interface HttpServerOptions {
  readonly server: Server;
  readonly app: Koa;
  /** Asked before the app. */
  readonly prepared: Pick<PreparedAnswers, 'serve'>;
  readonly gateway: Config['gateway'];
  readonly log: Log;
}

export function createHttpServer(options: HttpServerOptions): Service {
  const { server, app, prepared, log } = options;
  const { host, port, publicUrl } = options.gateway;
  const callback = app.callback();
  const answer = oneByOne((request, response) => void callback(request, response), prepared.serve);
  const prefix = prefixOf(publicUrl);
  const sayUnwritten = (error: Error) => log.debug({ problem: messageOf(error) }, 'an answer can not be written');
  const targetOf = (url = '') => withoutPrefix(withoutDoubledSlashes(withoutAuthority(url)), prefix);
  server.prependListener('upgrade', (request) => {
    request.url = targetOf(request.url);
  });
  server.on('request', (request, response) => {
    // Whoever is gone is gone: without a listener, what is still written to them would end the process.
    response.on('error', sayUnwritten);
    request.url = targetOf(request.url);
    answer(request, response);
  });

  return {
    name: 'http',
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error) => {
          reject(new CapstanError('INVALID_CONFIG', whyNot(error, host, port), { cause: error }));
        });
        server.listen(port, host, () => {
          log.info({ url: urlOf(server) }, 'listening');
          if (publicUrl === undefined && isWildcard(server)) {
            log.warn(
              { url: urlOf(server) },
              'clients elsewhere are given addresses of results that hold on this machine only: set gateway.publicUrl to where they reach the node',
            );
          }
          resolve();
        });
      }),
    async stop() {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const limit = setTimeout(() => server.closeAllConnections(), STOP_LIMIT_MS);
      await closed;
      clearTimeout(limit);
    },
  };
}

function whyNot(error: Error, host: string, port: number): string {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use: another program listens there, perhaps another node. Stop it, or set gateway.port to a free one.`;
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${host}: set gateway.host to one of its own, or to 127.0.0.1.`;
    case 'EACCES':
      return `Port ${port} may only be used by root: set gateway.port to one above 1023, and let a proxy take ${port}.`;
    default:
      return `The gateway cannot listen on ${host}:${port}: ${messageOf(error)}`;
  }
}

function isWildcard(server: Server): boolean {
  return ['0.0.0.0', '::'].includes((server.address() as AddressInfo).address);
}

/** Where a listening server can be reached; from this machine, if it listens on all addresses. */
export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  if (family === 'IPv6') return `http://[${address === '::' ? '::1' : address}]:${port}`;
  return `http://${address === '0.0.0.0' ? '127.0.0.1' : address}:${port}`;
}

/**
 * How clients reach the node: as configured, or where it listens, which is known from then on. Asked for with every status, also of requests
 * that are still answered while the server does not listen any more. Made before it listens.
 */
export function publicUrlOf(server: Server, configured: string | undefined): () => string {
  let known = configured;
  server.once('listening', () => (known ??= urlOf(server)));
  return () => (known ??= urlOf(server));
}
