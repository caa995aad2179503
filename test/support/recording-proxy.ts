/** A proxy before an engine's socket that keeps each call that changes something, to be made again elsewhere. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { engineSocket } from '../../scripts/parts/engine.ts';

export interface RecordedCall {
  readonly method: string;
  /** With its query, without the version of the API. */
  readonly path: string;
  readonly type?: string;
  /** As text where it is JSON, zipped and in base64 otherwise. */
  readonly body?: string;
}

export interface RecordingProxy extends AsyncDisposable {
  readonly socket: string;
  calls(): readonly RecordedCall[];
}

const isJson = (type: string | undefined) => type?.startsWith('application/json') === true;

export async function startRecordingProxy(dir: string): Promise<RecordingProxy> {
  const socket = join(dir, 'recording-proxy.sock');
  const calls: RecordedCall[] = [];
  const server = createServer((asked, answer) => {
    const carry = async () => {
      const { method = 'GET', url = '', headers } = asked;
      const body = await buffer(asked);
      const onward = request({ socketPath: engineSocket(), method, path: url, headers, agent: false });
      answer.on('close', () => onward.destroy());
      const answered = once(onward, 'response') as Promise<[IncomingMessage]>;
      onward.end(body);
      const [said] = await answered;
      const type = headers['content-type'];
      if (method !== 'GET' && method !== 'HEAD' && (said.statusCode ?? 500) < 300)
        calls.push({
          method,
          path: url.replace(/^\/v\d+\.\d+(?=\/)/, ''),
          ...(type === undefined ? {} : { type }),
          ...(body.length === 0 ? {} : { body: isJson(type) ? body.toString() : gzipSync(body).toString('base64') }),
        });
      answer.writeHead(said.statusCode ?? 502, said.headers);
      answer.flushHeaders();
      await pipeline(said, answer);
    };
    carry().catch(() => answer.destroy());
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    socket,
    calls: () => calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Makes one of them, on the machine's engine. Resolves to the status of its answer. */
export async function makeCall({ method, path, type, body }: RecordedCall): Promise<number> {
  const asked = request({ socketPath: engineSocket(), method, path, agent: false });
  if (type !== undefined) asked.setHeader('content-type', type);
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
  asked.end(body === undefined || isJson(type) ? body : gunzipSync(Buffer.from(body, 'base64')));
  const [said] = await answered;
  said.resume();
  await once(said, 'end');
  return said.statusCode ?? 0;
}
