/**
 * Bytes of a result whose hash is right, or not all of them. The last piece of a whole file is held back until the file is known to be
 * right: who gets the last byte has the file. Of a part, only blocks that are right are passed on.
 */
import { createHash } from 'node:crypto';
import { BLOCK_BYTES, type ManifestFile } from './manifest.ts';
import { CapstanError } from '../contract/errors.ts';
import type { Range } from './objects.ts';

type Facts = Pick<ManifestFile, 'filesize' | 'sha256' | 'blocks'>;
type Read = (range: Range | undefined) => Promise<AsyncIterable<Buffer>>;

/** Throws RESULTS_UNAVAILABLE where the bytes are not those of the manifest. */
export async function* verified(file: Facts, range: Range | undefined, read: Read): AsyncGenerator<Buffer> {
  const isWhole = range === undefined || (range.start === 0 && range.end === file.filesize - 1);
  if (isWhole) return yield* whole(file, await read(undefined));
  const blocks = blocksOf(file);
  // A file whose blocks nobody hashed: what the reader itself can see of a part has to do.
  if (!blocks) return yield* await read(range);
  const first = Math.floor(range.start / BLOCK_BYTES);
  const last = Math.floor(range.end / BLOCK_BYTES);
  const from = first * BLOCK_BYTES;
  const to = Math.min((last + 1) * BLOCK_BYTES, file.filesize) - 1;
  let at = from;
  for await (const block of inBlocks(await read({ start: from, end: to }))) {
    if (sha256(block) !== blocks[at / BLOCK_BYTES]) throw wrong();
    yield block.subarray(Math.max(0, range.start - at), range.end + 1 - at);
    at += block.length;
  }
  if (at !== to + 1) throw wrong();
}

async function* whole({ sha256: expected }: Facts, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let held: Buffer | undefined;
  for await (const piece of source) {
    if (held) yield held;
    hash.update(piece);
    held = piece;
  }
  if (hash.digest('hex') !== expected) throw wrong();
  if (held) yield held;
}

/** A file of one block is its own. */
function blocksOf({ filesize, sha256: only, blocks }: Facts): readonly string[] | undefined {
  if (filesize <= BLOCK_BYTES) return [only];
  return blocks?.length === Math.ceil(filesize / BLOCK_BYTES) ? blocks : undefined;
}

async function* inBlocks(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const piece of source) {
    for (let taken = 0; taken < piece.length;) {
      const part = piece.subarray(taken, taken + BLOCK_BYTES - bytes);
      held.push(part);
      [taken, bytes] = [taken + part.length, bytes + part.length];
      if (bytes < BLOCK_BYTES) continue;
      yield Buffer.concat(held);
      [held, bytes] = [[], 0];
    }
  }
  if (bytes > 0) yield Buffer.concat(held);
}

/** The hashes of the blocks of what flows by; none for a file of one block, which is its own. */
export function createBlockHashes() {
  const hashes: string[] = [];
  let hash = createHash('sha256');
  let bytes = 0;
  return {
    update(piece: Buffer): void {
      for (let taken = 0; taken < piece.length;) {
        const part = piece.subarray(taken, taken + BLOCK_BYTES - bytes);
        hash.update(part);
        [taken, bytes] = [taken + part.length, bytes + part.length];
        if (bytes < BLOCK_BYTES) continue;
        hashes.push(hash.digest('hex'));
        [hash, bytes] = [createHash('sha256'), 0];
      }
    },
    all(): readonly string[] {
      if (bytes > 0) hashes.push(hash.digest('hex'));
      bytes = 0;
      return hashes.length > 1 ? hashes : [];
    },
  };
}

const sha256 = (block: Buffer) => createHash('sha256').update(block).digest('hex');

const wrong = () =>
  new CapstanError(
    'RESULTS_UNAVAILABLE',
    "This result can't be read completely at the moment. Tell the operator of the node if that lasts.",
    { cause: new Error('what is kept of a result is not what was published') },
  );
