/**
 * Objects in the file system (MFS) of an IPFS node, over its RPC API. There they have names, so that all of a job can be found and
 * removed by its own, what was never finished too; and what lies there is kept without a pin of each block.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { ASK_MS, unavailable, untold, type Objects } from './objects.ts';

export interface IpfsOptions {
  readonly apiUrl: string;
  readonly authorization?: string | undefined;
  readonly folder: string;
}

type Arguments = Readonly<Record<string, string>>;

export function createIpfs({ apiUrl, authorization, folder }: IpfsOptions): Objects {
  const root = `${apiUrl.replace(/\/+$/, '')}/api/v0`;
  const pathOf = (name: string) => `${folder}/${name}`;

  const send = async (command: string, query: Arguments, upload: Upload | undefined, signal: AbortSignal) => {
    const headers = { ...upload?.headers, ...(authorization === undefined ? {} : { authorization }) };
    const body = upload && Readable.toWeb(Readable.from(upload.body, { objectMode: false }));
    const streaming = body ? ({ body, duplex: 'half' } as const) : {};
    const init = { method: 'POST', headers, ...streaming, redirect: 'manual', signal } as const;
    return fetch(`${root}/${command}?${new URLSearchParams(query).toString()}`, init).catch((error: unknown) => {
      signal.throwIfAborted();
      throw untold(error);
    });
  };

  const ask = async (command: string, query: Arguments, signal: AbortSignal) => {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
    try {
      const response = await send(command, query, undefined, limited);
      return { isOk: response.ok, status: response.status, text: await response.text() };
    } catch (error) {
      signal.throwIfAborted();
      throw untold(error);
    }
  };

  return {
    async put(name, body, signal) {
      const query = { arg: pathOf(name), create: 'true', parents: 'true', truncate: 'true', 'raw-leaves': 'true' };
      let failure: unknown;
      const watched = watch(body, (error) => (failure = error));
      const sending = send('files/write', { ...query, 'cid-version': '1' }, formOf(watched), signal);
      // What the source failed with counts, not that the upload broke off for it.
      const response = await sending.catch((error: unknown) => {
        throw failure ?? error;
      });
      if (!response.ok) throw unavailable(problemOf(response.status, await response.text()));
      await response.arrayBuffer();
    },
    async sizeOf(name, signal) {
      const { isOk, status, text } = await ask('files/stat', { arg: pathOf(name) }, signal);
      if (isOk) return sizeIn(text);
      if (isAbsent(text)) return undefined;
      throw unavailable(problemOf(status, text));
    },
    async read(name, range, signal) {
      const part: Arguments = range ? { offset: String(range.start), count: String(range.end - range.start + 1) } : {};
      const response = await send('files/read', { arg: pathOf(name), ...part }, undefined, signal);
      if (!response.ok) throw unavailable(problemOf(response.status, await response.text()));
      return response.body ? Readable.fromWeb(response.body) : Readable.from([]);
    },
    async removeFolder(name, signal) {
      const query = { arg: pathOf(name), recursive: 'true', force: 'true' };
      const { isOk, status, text } = await ask('files/rm', query, signal);
      if (!isOk && !isAbsent(text)) throw unavailable(problemOf(status, text));
    },
  };
}

async function* watch(body: AsyncIterable<Buffer>, onError: (error: unknown) => void): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    onError(error);
    throw error;
  }
}

interface Upload {
  readonly headers: Arguments;
  readonly body: AsyncIterable<Buffer>;
}

/** The API takes a file as the one field of a form. */
function formOf(body: AsyncIterable<Buffer>): Upload {
  const boundary = `capstan-${randomBytes(16).toString('hex')}`;
  async function* framed(): AsyncGenerator<Buffer> {
    const head =
      'Content-Disposition: form-data; name="file"; filename="data"\r\nContent-Type: application/octet-stream';
    yield Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`);
    yield* body;
    yield Buffer.from(`\r\n--${boundary}--\r\n`);
  }
  return { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, body: framed() };
}

function sizeIn(text: string): number {
  const { Size: size } = parsed(text);
  if (typeof size !== 'number') throw unavailable('it gave no size for a file');
  return size;
}

/** The API has one status and one code for every failure; its words are all that tells this one from the others. */
const isAbsent = (text: string) => String(parsed(text)['Message']).includes('file does not exist');

const problemOf = (status: number, text: string) =>
  `it answered ${status}${parsed(text)['Type'] === 'error' ? ' (a failure of the IPFS node)' : ''}`;

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
