/** Listens, and stops gracefully: answers what it has begun, then closes. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Koa from 'koa';
import type { Config } from '@capstan/shared/config/schema';
import { CapstanError, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';

const STOP_LIMIT_MS = 5_000;

interface HttpServerOptions {
  readonly server: Server;
  readonly app: Koa;
  readonly gateway: Config['gateway'];
  readonly log: Log;
}

export function createHttpServer({ server, app, gateway: { host, port, limits }, log }: HttpServerOptions): Service {
  const answer = app.callback();
  server.maxConnections = limits.maxConnections;
  server.headersTimeout = limits.headersTimeoutS * 1000;
  server.requestTimeout = limits.requestTimeoutS * 1000;
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
