/** Counts what is asked of the engine, by a relay before its socket that only reads the first line of each call. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { engineSocket } from '../../../scripts/parts/engine.ts';

export interface EngineCalls extends AsyncDisposable {
  readonly socket: string;
  /** How many of each kind there were since it was asked last. */
  take(): ReadonlyMap<string, number>;
}

const BEGINNING = /^(GET|HEAD|POST|PUT|DELETE) ([^ ?]+)[ ?]/;
/** What differs from job to job is no kind of its own. */
const NAME = /\/(containers|volumes|networks)\/(?!json|create)[^/]+/;

export async function countEngineCalls(dir: string, name: string): Promise<EngineCalls> {
  const socket = join(dir, `${name}.sock`);
  const sockets = new Set<Socket>();
  let counts = new Map<string, number>();
  const server = createServer({ allowHalfOpen: true }, (caller) => {
    const engine = connect({ path: engineSocket(), allowHalfOpen: true });
    for (const one of [caller, engine]) {
      sockets.add(one);
      one.once('close', () => sockets.delete(one)).on('error', () => one.destroy());
    }
    caller.on('data', (chunk: Buffer) => {
      // A call begins with a piece of its own: callers wait for one answer before they ask again.
      const [, method, path] = BEGINNING.exec(chunk.toString('latin1', 0, 512)) ?? [];
      if (method === undefined || path === undefined) return;
      const kind = `${method} ${path.replace(/^\/v\d+\.\d+/, '').replace(NAME, '/$1/…')}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    });
    caller.pipe(engine).pipe(caller);
    caller.once('close', () => engine.destroy());
    engine.once('close', () => caller.destroy());
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    socket,
    take() {
      const taken = counts;
      counts = new Map();
      return taken;
    },
    async [Symbol.asyncDispose]() {
      for (const one of sockets) one.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
