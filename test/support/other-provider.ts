/** Another provider, which holds the files of assets: a real HTTP server that hands them to whoever signs for an order it knows. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { getBytes, keccak256, toUtf8Bytes, verifyMessage } from 'ethers';

export interface OtherProvider extends AsyncDisposable {
  readonly url: string;
  /** What was asked for, in its order. */
  requests(): readonly URLSearchParams[];
  /** How often it was asked how many files there are. */
  counted(): number;
}

interface Holding {
  readonly files: readonly string[];
  /** The one who may download, checksummed. */
  readonly consumer: string;
  readonly order: string;
  /** Whether it says how many files a service has. */
  readonly saysHowMany?: boolean;
  /** What it says to the number of a file that is not there. */
  readonly absent?: number;
  /** So many downloads are refused as if another one's nonce had overtaken theirs. */
  readonly refusals?: number;
}

export async function startOtherProvider(holding: Holding): Promise<OtherProvider> {
  const { files, consumer, order, saysHowMany = false, absent = 404, refusals = 0 } = holding;
  const requests: URLSearchParams[] = [];
  let lastNonce = 0n;
  let counted = 0;

  const download = (query: URLSearchParams, response: ServerResponse) => {
    requests.push(query);
    const get = (name: string) => query.get(name) ?? '';
    const nonce = BigInt(get('nonce'));
    const hash = getBytes(keccak256(toUtf8Bytes(get('documentId') + get('nonce'))));
    const isSigned = verifyMessage(hash, get('signature')) === consumer && get('consumerAddress') === consumer;
    const isFresh = nonce > lastNonce && requests.length > refusals;
    lastNonce = nonce;
    if (!isSigned || !isFresh || get('transferTxId') !== order) return response.writeHead(400).end();
    const file = files[Number(get('fileIndex'))];
    return file === undefined ? response.writeHead(absent).end() : response.end(file);
  };
  const count = async (request: IncomingMessage, response: ServerResponse) => {
    counted += 1;
    const asked = (await json(request)) as { readonly did?: string; readonly serviceId?: string };
    if (!saysHowMany || !asked.did || !asked.serviceId) return response.writeHead(404).end();
    return response.end(JSON.stringify(files.map((_, index) => ({ index, valid: true }))));
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://provider');
    if (request.method === 'GET' && pathname === '/api/services/download') download(searchParams, response);
    else if (request.method === 'POST' && pathname === '/api/services/fileinfo') {
      count(request, response).catch(() => response.destroy());
    } else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    counted: () => counted,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
