/** A place for content of unknown size: a tar entry says its size first, so the bytes have to be there before. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rm, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Content } from './content.ts';
import { failed } from './source.ts';

export interface Spooled extends AsyncDisposable {
  readonly sizeBytes: number;
  /** A stream of the bytes. */
  readonly open: () => Readable;
}

export interface SpoolPlace {
  readonly scratchDir: string;
  /** What the disk must have left, for the node's own store and the results of others. */
  readonly keepFreeBytes: number;
}

/** Hands on what comes, and throws where that takes too long. */
type Steady = (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

/** How much may be written between two looks at the disk. */
const LOOK_EVERY_BYTES = 64_000_000;
const CHUNK_BYTES = 256 * 1024;

/** Writes `content` to a file without a name, so that it is gone with its last use, also when the runner is killed. */
export async function spool(
  { scratchDir, keepFreeBytes }: SpoolPlace,
  [steady, checks]: readonly [Steady, Transform],
  { content, signal }: { content: Content; signal: AbortSignal },
): Promise<Spooled> {
  const handle = await openNameless(scratchDir);
  try {
    const write = (chunks: AsyncIterable<Buffer>) => writeAll(handle, chunks, { scratchDir, keepFreeBytes });
    const sizeBytes = await pipeline(content.body, steady, checks, write, { signal });
    return { sizeBytes, open: () => Readable.from(readAll(handle)), [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openNameless(dir: string): Promise<FileHandle> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `spool-${randomBytes(12).toString('hex')}`);
  const handle = await open(path, 'wx+', 0o600);
  await rm(path);
  return handle;
}

async function writeAll(
  handle: FileHandle,
  chunks: AsyncIterable<Buffer>,
  { scratchDir, keepFreeBytes }: SpoolPlace,
): Promise<number> {
  let [sizeBytes, untilLook] = [0, 0];
  for await (const chunk of chunks) {
    if (untilLook <= 0) {
      const { bavail, bsize } = await statfs(scratchDir);
      if (bavail * bsize < keepFreeBytes) throw failed('this node has no disk space left for it');
      untilLook = LOOK_EVERY_BYTES;
    }
    await handle.writeFile(chunk);
    sizeBytes += chunk.length;
    untilLook -= chunk.length;
  }
  return sizeBytes;
}

async function* readAll(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
