/** A proxy of our own before the engine's socket: does one kind of call as engines and the connections to them sometimes do. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { engineSocket } from '../../scripts/parts/engine.ts';

export interface Fault {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Of the path with its query, without the version of the API. */
  readonly path: RegExp;
  readonly does: Deed;
  /** How many calls; all of them if absent. */
  readonly times?: number;
}

export type Deed =
  /** The engine hears nothing of it. */
  | { readonly kind: 'answer'; readonly status: number; readonly message: string }
  /** The engine hears nothing of it, and the caller neither, until the fault is taken away: then it breaks. */
  | { readonly kind: 'hang' }
  /** The engine hears of it when the fault is taken away, and does it, whether the caller is still there or not. */
  | { readonly kind: 'late' }
  /** The engine does it; the caller gets the head of the answer, and then nothing until the fault is taken away: then it breaks. */
  | { readonly kind: 'mute' }
  /** The engine does it; the caller's connection breaks after so many bytes of the answer, before its head if there are none. */
  | { readonly kind: 'cut'; readonly afterBytes?: number };

/** Calls go through again when it is disposed of. */
export interface FaultInPlace extends Disposable {
  /** How many calls it has met so far. */
  met(): number;
  /** Resolves when it has met that many. */
  until(count: number): Promise<void>;
}

export interface EngineProxy extends AsyncDisposable {
  readonly socket: string;
  /** Of several that fit a call, the one that was planted last does it. */
  plant(fault: Fault): FaultInPlace;
}

interface Planted {
  readonly fault: Fault;
  met: number;
  readonly hanging: Set<ServerResponse>;
  /** Passes on what the engine has not heard of yet. */
  readonly late: Set<() => void>;
  readonly waiting: { readonly count: number; readonly resolve: () => void }[];
}

/** `dir` takes its socket; `target` is the engine's, the machine's own if absent. */
export async function startEngineProxy(dir: string, target = engineSocket()): Promise<EngineProxy> {
  const socket = join(dir, 'engine-proxy.sock');
  const planted: Planted[] = [];

  const server = createServer((asked, answer) => {
    // A caller that goes away is no event here.
    answer.on('error', () => undefined);
    const found = planted.findLast(({ fault, met }) => meets(fault, asked) && met < (fault.times ?? Infinity));
    if (found) tellOf(found);
    const deed = found?.fault.does;
    switch (deed?.kind) {
      case 'answer':
        asked.resume();
        answer.writeHead(deed.status, { 'content-type': 'application/json' });
        return void answer.end(JSON.stringify({ message: deed.message }));
      case 'hang':
        return void found?.hanging.add(answer);
      case 'late':
        return void buffer(asked).then(
          (body) => found?.late.add(() => carryLate(asked, answer, { target, body })),
          () => undefined,
        );
      case 'mute':
        found?.hanging.add(answer);
        return carry(asked, answer, { target, isMute: true });
      case 'cut':
        return carry(asked, answer, { target, cutAfterBytes: deed.afterBytes ?? 0 });
      case undefined:
        return carry(asked, answer, { target });
    }
  });
  server.listen(socket);
  await once(server, 'listening');

  return {
    socket,
    plant(fault) {
      const one: Planted = { fault, met: 0, hanging: new Set(), late: new Set(), waiting: [] };
      planted.push(one);
      return {
        met: () => one.met,
        until: (count) =>
          new Promise((resolve) => {
            if (one.met >= count) resolve();
            else one.waiting.push({ count, resolve });
          }),
        [Symbol.dispose]() {
          planted.splice(planted.indexOf(one), 1);
          for (const answer of one.hanging) answer.destroy();
          for (const passOn of one.late) passOn();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function meets({ method, path }: Fault, { method: asked, url = '' }: IncomingMessage): boolean {
  return (method === undefined || method === asked) && path.test(url.replace(/^\/v\d+\.\d+(?=\/)/, ''));
}

function tellOf(one: Planted): void {
  one.met += 1;
  for (const { resolve } of one.waiting.filter(({ count }) => count <= one.met)) resolve();
}

interface Carrying {
  readonly target: string;
  readonly cutAfterBytes?: number;
  readonly isMute?: true;
}

/** To the engine and back, each side ending with the other. */
function carry(asked: IncomingMessage, answer: ServerResponse, { target, cutAfterBytes, isMute }: Carrying): void {
  const { method, url, headers } = asked;
  const end = () => {
    onward.destroy();
    answer.destroy();
  };
  const onward = request({ socketPath: target, method, path: url, headers, agent: false }, (said) => {
    if (cutAfterBytes === 0) return end();
    answer.writeHead(said.statusCode ?? 502, said.headers);
    // An engine that has nothing to say for now, as in a log that is followed, has taken the call all the same.
    answer.flushHeaders();
    if (isMute) return void said.resume();
    const carried = cutAfterBytes === undefined ? pipeline(said, answer) : carryBytes(said, answer, cutAfterBytes);
    carried.catch(end);
  });
  onward.on('error', end);
  answer.on('close', () => onward.destroy());
  pipeline(asked, onward).catch(end);
}

/** Nobody's going away keeps it from the engine any more. */
function carryLate(asked: IncomingMessage, answer: ServerResponse, { target, body }: { target: string; body: Buffer }) {
  const { method, url, headers } = asked;
  const onward = request({ socketPath: target, method, path: url, headers, agent: false }, (said) => {
    if (answer.destroyed) return void said.resume();
    answer.writeHead(said.statusCode ?? 502, said.headers);
    pipeline(said, answer).catch(() => said.resume());
  });
  onward.on('error', () => answer.destroy());
  onward.end(body);
}

/** So many bytes, or all if there are fewer; then the connection breaks. */
async function carryBytes(said: IncomingMessage, answer: ServerResponse, bytes: number): Promise<void> {
  let left = bytes;
  for await (const chunk of said as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, left);
    await new Promise((resolve) => answer.write(part, resolve));
    left -= part.length;
    if (left === 0) break;
  }
  answer.destroy();
}
