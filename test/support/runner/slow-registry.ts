/** A registry that holds one image and gives half of its layer, and the rest when it is told to. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { MANIFEST_TYPE, type SmallImage } from './small-image.ts';

export interface SlowRegistry extends AsyncDisposable {
  readonly host: string;
  /** How often the layer was asked for. */
  pulls(): number;
  /** Sends the rest, now and from now on. */
  release(): void;
}

/** On `port`, for a runner that was told of it before; on any if absent. */
export async function startSlowRegistry(image: SmallImage, port = 0): Promise<SlowRegistry> {
  const { config, layer, manifest } = image;
  const waiting = new Set<ServerResponse>();
  const half = Math.floor(layer.bytes.length / 2);
  let pulls = 0;
  let isReleased = false;

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path.includes('/manifests/')) {
      response.writeHead(200, {
        'content-type': MANIFEST_TYPE,
        'content-length': manifest.bytes.length,
        'docker-content-digest': manifest.digest,
      });
      response.end(request.method === 'HEAD' ? undefined : manifest.bytes);
    } else if (path.endsWith(config.digest)) response.end(config.bytes);
    else if (path.endsWith(layer.digest)) {
      pulls += 1;
      response.writeHead(200, { 'content-length': layer.bytes.length });
      if (isReleased) return void response.end(layer.bytes);
      response.write(layer.bytes.subarray(0, half));
      waiting.add(response);
      response.once('close', () => waiting.delete(response));
    } else response.writeHead(path === '/v2/' ? 200 : 404).end();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');

  return {
    host: `127.0.0.1:${address.port}`,
    pulls: () => pulls,
    release() {
      isReleased = true;
      for (const response of waiting) {
        waiting.delete(response);
        response.end(layer.bytes.subarray(half));
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
