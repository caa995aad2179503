/** Listens, and stops gracefully: answers what it has begun, then closes. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Koa from 'koa';
import type { Config } from '@capstan/shared/config/schema';
import { CapstanError, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { answerParserErrors } from './parser-errors.ts';

type Limits = Config['gateway']['limits'];

const STOP_LIMIT_MS = 5_000;

/** How often connections are looked at for being too slow, at least. */
const CHECK_EVERY_MS = 2_000;

/** A server that is not listening yet, with its limits. */
export function createLimitedServer({ headersTimeoutS, requestTimeoutS, maxConnections }: Limits): Server {
  const headersTimeout = headersTimeoutS * 1000;
  const server = createServer({
    headersTimeout,
    requestTimeout: requestTimeoutS * 1000,
    connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, headersTimeout / 2),
    // Clients offer HTTP/2 in passing (`Upgrade: h2c`); whoever does gets HTTP/1.1.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  });
  server.maxConnections = maxConnections;
  answerParserErrors(server);
  return server;
}

interface HttpServerOptions {
  readonly server: Server;
  readonly app: Koa;
  readonly gateway: Config['gateway'];
  readonly log: Log;
}

export function createHttpServer({ server, app, gateway: { host, port }, log }: HttpServerOptions): Service {
  const answer = app.callback();
  server.on('request', (request, response) => void answer(request, response));

  return {
    name: 'http',
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error) => {
          reject(
            new CapstanError('INVALID_CONFIG', `The gateway can't listen on ${host}:${port}: ${messageOf(error)}`),
          );
        });
        server.listen(port, host, () => {
          log.info({ url: urlOf(server) }, 'listening');
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

/** Where a listening server can be reached. */
export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** How clients reach the node: as configured, or where it listens, which is known from then on. Asked for with every status. */
export function publicUrlOf(server: Server, configured: string | undefined): () => string {
  let known = configured;
  return () => (known ??= urlOf(server));
}
