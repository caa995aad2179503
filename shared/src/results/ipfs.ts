/**
 * Objects in the file system (MFS) of an IPFS node, over its RPC API. There they have names, so that all of a job can be found and
 * removed by its own, what was never finished too; and what lies there is kept without a pin of each block.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { createSilence, exactly, insist, judged, longestMs, requirePlain, smallBody, told } from './answers.ts';
import { PATIENCE, unavailable, type Objects, type Patience } from './objects.ts';
import { untilGone } from './until-gone.ts';
import { limited } from '../runtime/limited.ts';

export interface IpfsOptions {
  readonly apiUrl: string;
  readonly authorization?: string | undefined;
  readonly folder: string;
}

type Arguments = Readonly<Record<string, string>>;

/** Of what is no file: an answer in JSON. */
const MAX_ANSWER_BYTES = 64 * 1024;

export function createIpfs({ apiUrl, authorization, folder }: IpfsOptions, patience: Patience = PATIENCE): Objects {
  const root = `${apiUrl.replace(/\/+$/, '')}/api/v0`;
  const pathOf = (name: string) => `${folder}/${name}`;

  const send = async (command: string, query: Arguments, upload: Upload | undefined, signal: AbortSignal) => {
    const headers = { ...upload?.headers, ...(authorization === undefined ? {} : { authorization }) };
    const body = upload && Readable.toWeb(Readable.from(upload.body, { objectMode: false }));
    const streaming = body ? ({ body, duplex: 'half' } as const) : {};
    const init = { method: 'POST', headers, ...streaming, redirect: 'manual', signal } as const;
    return fetch(`${root}/${command}?${new URLSearchParams(query).toString()}`, init);
  };

  const ask = async (command: string, query: Arguments, signal: AbortSignal): Promise<Answer> => {
    using limit = limited(patience.askMs, signal);
    const once = () =>
      told(async () => {
        const response = await send(command, query, undefined, limit.signal);
        return { status: response.status, text: (await smallBody(response, MAX_ANSWER_BYTES)).toString('utf8') };
      }, signal);
    return await insist(once, signal, patience);
  };

  const stat = async (path: string, signal: AbortSignal) => {
    const answer = await ask('files/stat', { arg: path }, signal);
    if (answer.status === 200) return entryIn(answer.text);
    if (isAbsent(answer)) return undefined;
    throw refused(answer);
  };

  const sizeOf = async (name: string, signal: AbortSignal) => {
    const entry = await stat(pathOf(name), signal);
    if (entry && entry.type !== 'file') throw unavailable('it has something else in the place of a file');
    return entry?.sizeBytes;
  };

  return {
    async put(name, body, signal) {
      const query = { arg: pathOf(name), create: 'true', parents: 'true', truncate: 'true', 'raw-leaves': 'true' };
      const silence = createSilence(patience.silenceMs);
      const finishing = createSilence(patience.partMs);
      const watched = createWatched(body, { silence, onEnd: () => finishing.listen() });
      const either = AbortSignal.any([signal, silence.signal, finishing.signal]);
      try {
        const answer = await told(async () => {
          const response = await send('files/write', { ...query, 'cid-version': '1' }, formOf(watched.body()), either);
          return { status: response.status, text: (await smallBody(response, MAX_ANSWER_BYTES)).toString('utf8') };
        }, signal);
        if (answer.status !== 200) throw refused(answer);
      } catch (error) {
        // What the source failed with counts, not that the upload broke off for it.
        throw watched.failure() ?? error;
      } finally {
        silence.rest();
        finishing.rest();
      }
      if (!watched.isRead() || (await sizeOf(name, signal)) !== watched.bytes()) {
        throw unavailable('what it said it stored is not there');
      }
    },
    async readSmall(name, maxBytes, signal) {
      const sizeBytes = await sizeOf(name, signal);
      if (sizeBytes === undefined) return undefined;
      if (sizeBytes > maxBytes) throw unavailable('its answer is too large');
      using limit = limited(patience.askMs, signal);
      const once = () =>
        told(async () => {
          const response = await send('files/read', { arg: pathOf(name) }, undefined, limit.signal);
          const content = await smallBody(response, response.status === 200 ? maxBytes : MAX_ANSWER_BYTES);
          if (response.status !== 200) throw refused({ status: response.status, text: content.toString('utf8') });
          if (content.length !== sizeBytes) throw unavailable('it gave another length than it has');
          return content;
        }, signal);
      return await insist(once, signal, patience);
    },
    sizeOf,
    async read(name, { sizeBytes, range }, signal) {
      const part: Arguments = range ? { offset: String(range.start), count: String(range.end - range.start + 1) } : {};
      const bytes = range ? range.end - range.start + 1 : sizeBytes;
      const silence = createSilence(patience.silenceMs, longestMs(bytes, patience));
      const either = AbortSignal.any([signal, silence.signal]);
      silence.listen();
      try {
        const response = await told(
          () => send('files/read', { arg: pathOf(name), ...part }, undefined, either),
          signal,
        );
        if (response.status !== 200) {
          const text = await told(() => smallBody(response, MAX_ANSWER_BYTES), signal);
          throw refused({ status: response.status, text: text.toString('utf8') });
        }
        await judged(response, () => requirePlain(response.headers));
        return exactly(response.body ?? nothing(), bytes, { silence, signal });
      } finally {
        silence.rest();
      }
    },
    async removeFolder(name, signal) {
      const path = pathOf(name);
      await untilGone({
        list: async () => ((await stat(path, signal)) ? [path] : []),
        idOf: (each) => each,
        async remove() {
          const answer = await ask('files/rm', { arg: path, recursive: 'true', force: 'true' }, signal);
          if (answer.status !== 200 && !isAbsent(answer)) throw refused(answer);
        },
        againMs: patience.againMs,
        signal,
      });
    },
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** What flows into an upload: how much it was, what it failed with, and a clock for a node that takes no more. */
function createWatched(
  source: AsyncIterable<Buffer>,
  { silence, onEnd }: { readonly silence: { listen(): void; rest(): void }; readonly onEnd: () => void },
) {
  let failure: unknown;
  let bytes = 0;
  let isRead = false;
  async function* body(): AsyncGenerator<Buffer> {
    try {
      for await (const piece of source) {
        bytes += piece.length;
        silence.listen();
        yield piece;
        silence.rest();
      }
      isRead = true;
      onEnd();
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return { body, failure: () => failure, bytes: () => bytes, isRead: () => isRead };
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

async function* nothing(): AsyncGenerator<Buffer> {
  // Nothing.
}

function entryIn(text: string): { readonly sizeBytes: number; readonly type: unknown } {
  const { Size: sizeBytes, Type: type } = parsed(text);
  if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
    throw unavailable('it gave no size for a file');
  }
  return { sizeBytes, type };
}

/** The API has one status and one code for every failure; its words are all that tells this one from the others. */
const isAbsent = ({ status, text }: Answer) => status === 500 && parsed(text)['Message'] === 'file does not exist';

const refused = ({ status, text }: Answer) =>
  unavailable(`it answered ${status}${parsed(text)['Type'] === 'error' ? ' (a failure of the IPFS node)' : ''}`);

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
