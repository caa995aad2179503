/**
 * An IPFS node as far as the node uses one: the four routes of Kubo's RPC API for its file system, written after its documentation.
 * Files become UnixFS blocks and are read from them, by the libraries that IPFS in JavaScript is made of; there is no network behind it.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { MemoryBlockstore } from 'blockstore-core';
import { exporter } from 'ipfs-unixfs-exporter';
import { importer } from 'ipfs-unixfs-importer';

export interface IpfsNode extends AsyncDisposable {
  readonly apiUrl: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Paths of the files that it holds. */
  paths(): readonly string[];
  /** Puts other content in the place of some files. */
  replace(which: (path: string) => boolean, content: (before: Stored) => Buffer): Promise<void>;
}

type Cid = Parameters<typeof exporter>[0] & object;

interface Stored {
  readonly cid: Cid;
  readonly size: number;
}

export async function startIpfs(): Promise<IpfsNode> {
  const blocks = new MemoryBlockstore();
  const files = new Map<string, Stored>();

  const write = async (path: string, content: Buffer) => {
    for await (const { cid } of importer([{ content }], blocks, { cidVersion: 1, rawLeaves: true })) {
      files.set(path, { cid, size: content.length });
    }
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', 'http://ipfs');
    const body = await buffer(request);
    const path = url.searchParams.get('arg') ?? '';
    const file = files.get(path);
    const fail = (status: number, Message: string) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ Message, Code: 0, Type: 'error' }));
    if (request.method !== 'POST') return fail(405, '405 - Method Not Allowed');
    switch (url.pathname) {
      case '/api/v0/files/write':
        await write(path, fieldOf(body, request.headers['content-type'] ?? ''));
        return response.writeHead(200).end();
      case '/api/v0/files/stat':
        if ([...files.keys()].some((each) => each.startsWith(`${path}/`))) {
          return response.writeHead(200).end(JSON.stringify({ Hash: '', Size: 0, Type: 'directory' }));
        }
        if (!file) return fail(500, 'file does not exist');
        return response.writeHead(200).end(JSON.stringify({ Hash: String(file.cid), Size: file.size, Type: 'file' }));
      case '/api/v0/files/read': {
        if (!file) return fail(500, 'file does not exist');
        const offset = Number(url.searchParams.get('offset') ?? 0);
        const length = Number(url.searchParams.get('count') ?? file.size - offset);
        const entry = await exporter(file.cid, blocks);
        if (entry.type !== 'file' && entry.type !== 'raw') return fail(500, 'this dag node is a directory');
        response.writeHead(200);
        for await (const piece of entry.content({ offset, length })) response.write(piece);
        return response.end();
      }
      case '/api/v0/files/rm': {
        const below = [...files.keys()].filter((each) => each === path || each.startsWith(`${path}/`));
        for (const each of below) files.delete(each);
        return response.writeHead(200).end();
      }
      default:
        return fail(404, '404 page not found');
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const apiUrl = `http://127.0.0.1:${port}`;
  return {
    apiUrl,
    variables: { CAPSTAN_RESULTS_KIND: 'ipfs', CAPSTAN_RESULTS_IPFS_API_URL: apiUrl },
    paths: () => [...files.keys()],
    async replace(which, content) {
      for (const [path, stored] of [...files].filter(([each]) => which(each))) await write(path, content(stored));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The one field of a form. */
function fieldOf(body: Buffer, contentType: string): Buffer {
  const boundary = /boundary=(.+)$/.exec(contentType)?.[1] ?? '';
  return body.subarray(body.indexOf('\r\n\r\n') + 4, body.lastIndexOf(`\r\n--${boundary}--`));
}
