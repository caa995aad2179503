/** A runner that sends files, played: it hands out one ticket, and answers as a test likes to who brings it. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Bus } from '@capstan/shared/bus/connect';
import { answerQuestions } from '@capstan/shared/bus/request';
import { FILE_CHECK } from '@capstan/shared/bus/subjects';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { didSuffix } from '@capstan/shared/contract/ids';
import { publishable } from '../descriptions/publishable.ts';

/** A chain that no node of tests can ask: what is on it is free where downloads are. */
const NO_CHAIN = 8_998;

/** An access service in the catalogue. */
export async function offerDownload(dataDir: string): Promise<Ddo> {
  const ddo = publishable({ chainId: NO_CHAIN });
  await writeFile(join(dataDir, 'catalogue', `${didSuffix(ddo.id)}.json`), JSON.stringify(ddo));
  return ddo;
}

/** Resolves once the next question gets a ticket. */
export async function sendFile(
  bus: Bus,
  text: string,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-length': Buffer.byteLength(text), ...headers }).end(text, () => {
      server.close();
      server.closeAllConnections();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answered = new AbortController();
  answerQuestions(bus, {
    subject: FILE_CHECK,
    answer: () => {
      answered.abort();
      const { port } = server.address() as AddressInfo;
      return Promise.resolve({ v: 1, url: `http://127.0.0.1:${port}/files/${'1'.repeat(64)}` });
    },
    onError: () => undefined,
    signal: answered.signal,
  });
  await bus.connection().flush();
}
