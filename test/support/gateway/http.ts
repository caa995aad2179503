/** Routes of the gateway behind a real HTTP server on a free port. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { systemClock } from '@capstan/shared/runtime/clock';
import { createLog } from '@capstan/shared/runtime/log';
import { createApp } from '../../../services/gateway/src/http/app.ts';
import { createClientIp } from '../../../services/gateway/src/limits/client-ip.ts';
import type { Identify } from '../../../services/gateway/src/auth/identify.ts';
import type { Route } from '../../../services/gateway/src/http/route.ts';
import { urlOf } from '../../../services/gateway/src/http/server.ts';

/** Of whom no route knows anything. */
export const nobody: Identify = {
  known: () => Promise.resolve(undefined),
  act: () => Promise.reject(new Error('nobody')),
};

export async function serve(...routes: readonly Route[]) {
  const app = createApp({
    routes,
    log: createLog('test', 'silent'),
    clock: systemClock,
    corsOrigins: ['*'],
    requireHost: () => undefined,
    rateLimits: { clientIp: createClientIp([]), perIp: () => undefined },
  });
  const answer = app.callback();
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    url: urlOf(server),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
