/** A place for content of unknown size: a tar entry says its size first, so the bytes have to be there before. */
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Content } from './content.ts';

export interface Spooled extends AsyncDisposable {
  readonly sizeBytes: number;
  /** A stream of the bytes, from the start each time. */
  readonly open: () => Content['body'];
}

/** Writes `content` to a file of a random name; disposing of it deletes the file. */
export async function spool(
  scratchDir: string,
  transforms: readonly NodeJS.ReadWriteStream[],
  { content, signal }: { content: Content; signal: AbortSignal },
): Promise<Spooled> {
  await mkdir(scratchDir, { recursive: true, mode: 0o700 });
  const path = join(scratchDir, `spool-${randomBytes(12).toString('hex')}`);
  const remove = () => rm(path, { force: true });
  try {
    await pipeline([content.body, ...transforms, createWriteStream(path, { mode: 0o600, flags: 'wx' })], { signal });
    const { size } = await stat(path);
    return { sizeBytes: size, open: () => createReadStream(path), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
