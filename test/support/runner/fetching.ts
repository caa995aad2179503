/** A fetcher with nothing around it, but real connections, and web servers that answer as a test likes. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { systemClock } from '@capstan/shared/runtime/clock';
import type { ChainConfig } from '@capstan/shared/config/chains';
import { loadConfig } from '@capstan/shared/config/load';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { createLog } from '@capstan/shared/runtime/log';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { createFetcher, type Fetcher } from '../../../services/runner/src/fetch/fetcher.ts';
import type { ResolveName } from '@capstan/shared/net/resolve-name';
import type { UserData } from '../../../services/runner/src/fetch/source.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

export interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
}

export async function startServer(answer: (asked: Asked, response: ServerResponse) => void): Promise<Server> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const take = async () => {
      const { method, url: path, headers } = request;
      const one = { method, path, headers, body: await text(request) };
      asked.push(one);
      answer(one, response);
    };
    take().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export interface Settings {
  readonly ipfsGateway?: string;
  readonly arweaveGateway?: string;
  readonly allowPrivate?: string[];
  readonly maxFileGB?: number;
  readonly keepFreeGB?: number;
  readonly idleTimeoutS?: number;
  readonly totalTimeoutS?: number;
  readonly minBytesPerSecond?: number;
  readonly minRateGraceS?: number;
  readonly chains?: readonly ChainConfig[];
  readonly resolveName?: ResolveName;
}

/** A fetcher with nothing around it, but real connections. */
export async function fetching(settings: Settings = {}) {
  const folder = await temporaryFolder('fetch');
  const { chains = [], resolveName, ...limits } = settings;
  const fetcher: Fetcher = createFetcher({
    deny: [],
    limits: { ...loadConfig({}, folder.path).runner.fetch, ...limits },
    chains,
    key: nodeKeyFrom('22'.repeat(32)),
    clock: systemClock,
    catalogueDir: folder.path,
    scratchDir: folder.path,
    openResult: () => Promise.reject(new Error('there are no results here')),
    log: createLog('test', 'silent'),
    ...(resolveName ? { resolveName } : {}),
  });
  return {
    /** Where it may write. */
    dir: folder.path,
    async get(file: AssetFile, userdata: UserData = {}): Promise<string> {
      const chunks: Buffer[] = [];
      const sink = () =>
        new Writable({
          write(chunk: Buffer, _encoding, done) {
            chunks.push(chunk);
            done();
          },
        });
      await fetcher.fetchInto({ file, userdata }, sink, AbortSignal.timeout(60_000));
      return Buffer.concat(chunks).toString('utf8');
    },
    /** As it comes. */
    open: (file: AssetFile) => fetcher.openOnce(file, {}, AbortSignal.timeout(60_000)),
    async [Symbol.asyncDispose]() {
      await fetcher.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export const problemOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
