/**
 * What only the operator may ask, who is whoever may open a file of the data folder: requests on a Unix socket in it. The store is
 * held by this process alone, so a copy of it while it is in use has to come from here.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { isAbsolute } from 'node:path';
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';

interface ControlOptions {
  /** Where the socket lies. */
  readonly path: string;
  readonly backup: (to: string) => Promise<void>;
  /** Moves what waits for an environment to another one. */
  readonly move: (request: { readonly from: string; readonly to: string }) => Promise<unknown>;
  readonly log: Log;
}

/** Longest name of a Unix socket that Linux takes. */
const MAX_PATH_BYTES = 107;

export function createControl({ path, backup, move, log }: ControlOptions): Service {
  const handle = async (request: IncomingMessage): Promise<unknown> => {
    const url = new URL(request.url ?? '/', 'http://control');
    const to = url.searchParams.get('to') ?? '';
    if (request.method === 'POST' && url.pathname === '/move') {
      return move({ from: url.searchParams.get('from') ?? '', to });
    }
    if (request.method !== 'POST' || url.pathname !== '/backup') {
      const text =
        'The control socket knows POST /backup?to=<file> and /move?from=<environment>&to=<environment> only.';
      throw new CapstanError('NOT_FOUND', text);
    }
    if (!isAbsolute(to)) throw new CapstanError('VALIDATION', 'The file to back up to must be an absolute path.');
    const startedAt = performance.now();
    await backup(to);
    const ms = Math.round(performance.now() - startedAt);
    log.info({ to, ms }, 'the store was backed up');
    return { to, ms };
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    try {
      reply(response, 200, await handle(request));
    } catch (error) {
      log.warn({ problem: messageOf(error) }, 'a request of the operator failed');
      reply(response, error instanceof CapstanError ? 400 : 500, { error: messageOf(error) });
    }
  };

  const server = createServer((request, response) => void answer(request, response));

  return {
    name: 'control',
    async start() {
      if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
        log.warn({ path }, 'the data folder has too long a name for a control socket: no backup while the node runs');
        return;
      }
      // A killed gateway leaves its socket behind, and the store's lock says that there is no other.
      await rm(path, { force: true });
      server.listen(path);
      await once(server, 'listening');
      await chmod(path, 0o600);
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await rm(path, { force: true });
    },
  };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
