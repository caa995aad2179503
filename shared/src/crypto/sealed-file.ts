/**
 * Files encrypted to somebody's key while they flow, whatever their size. A random key encrypts the file in chunks of 64 KiB, each with
 * its number and whether it is the last one in its nonce, so that none can be taken out, moved or cut off (the STREAM construction, as
 * age has it); that key is sealed to the recipient in front. `docs/results.md` writes the format down.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CapstanError } from '../contract/errors.ts';
import type { NodeKey } from './node-key.ts';
import { sealBytes, unsealBytes } from './seal.ts';

const MAGIC = Buffer.from('CAPSTAN1', 'ascii');
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const LENGTH_BYTES = 2;

export async function* sealFile(publicKeyHex: string, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const key = randomBytes(KEY_BYTES);
  const wrapped = sealBytes(publicKeyHex, key);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(wrapped.length);
  yield Buffer.concat([MAGIC, length, wrapped]);
  for await (const { chunk, number, isLast } of chunks(body, CHUNK_BYTES)) {
    const cipher = createCipheriv(CIPHER, key, nonceOf(number, isLast), { authTagLength: TAG_BYTES });
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
  }
}

/** What it has given before it throws BAD_REQUEST is as it was; all of it is there once it has ended. */
export async function* unsealFile(recipient: NodeKey, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { key, rest } = await readHead(recipient, body);
  for await (const { chunk, number, isLast } of chunks(rest, CHUNK_BYTES + TAG_BYTES)) {
    if (chunk.length < TAG_BYTES) throw damaged('It ends too early.');
    const decipher = createDecipheriv(CIPHER, key, nonceOf(number, isLast), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(chunk.subarray(-TAG_BYTES));
    const plain = decipher.update(chunk.subarray(0, -TAG_BYTES));
    try {
      decipher.final();
    } catch {
      throw damaged(isLast ? 'It was changed or cut off.' : 'It was changed.');
    }
    yield plain;
  }
}

const damaged = (text: string) => new CapstanError('BAD_REQUEST', `The encrypted file is damaged. ${text}`);

/** Eleven bytes of the chunk's number and one that says whether it is the last. */
function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64BE(BigInt(number), NONCE_BYTES - 1 - 8);
  nonce.writeUInt8(isLast ? 1 : 0, NONCE_BYTES - 1);
  return nonce;
}

interface Chunk {
  readonly chunk: Buffer;
  readonly number: number;
  readonly isLast: boolean;
}

/** Pieces of one size; the last one, which may be empty, is known only when nothing comes after it. */
async function* chunks(body: AsyncIterable<Buffer>, sizeBytes: number): AsyncGenerator<Chunk> {
  let held: Buffer = Buffer.alloc(0);
  let number = 0;
  for await (const piece of body) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    let from = 0;
    for (; held.length - from > sizeBytes; from += sizeBytes) {
      yield { chunk: held.subarray(from, from + sizeBytes), number: number++, isLast: false };
    }
    held = held.subarray(from);
  }
  yield { chunk: held, number, isLast: true };
}

interface Head {
  readonly key: Buffer;
  readonly rest: AsyncIterable<Buffer>;
}

async function readHead(recipient: NodeKey, body: AsyncIterable<Buffer>): Promise<Head> {
  const pieces = body[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  const fill = async (bytes: number) => {
    while (head.length < bytes) {
      const next = await pieces.next();
      if (next.done === true) throw damaged('It ends too early.');
      head = Buffer.concat([head, next.value]);
    }
  };
  const start = MAGIC.length + LENGTH_BYTES;
  await fill(start);
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged('It does not begin as one.');
  const end = start + head.readUInt16BE(MAGIC.length);
  await fill(end);
  return { key: unwrap(recipient, head.subarray(start, end)), rest: following(head.subarray(end), pieces) };
}

function unwrap(recipient: NodeKey, wrapped: Buffer): Buffer {
  try {
    return unsealBytes(recipient, wrapped);
  } catch {
    throw new CapstanError('BAD_REQUEST', 'The file was encrypted to another key.');
  }
}

async function* following(first: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
}
