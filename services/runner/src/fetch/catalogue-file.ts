/** A file of the node's own catalogue. A path never leads out of the `files` folder, also not through a link. */
import { constants, open, realpath } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { CapstanError, systemCode } from '@capstan/shared/contract/errors';
import type { Content } from './content.ts';

/** Each piece has its way through the event loop: fewer are cheaper. */
const CHUNK_BYTES = 256 * 1024;

export async function openCatalogueFile(catalogueDir: string, path: string, from = 0): Promise<Content> {
  try {
    const root = await realpath(join(catalogueDir, 'files'));
    const target = await realpath(join(root, path));
    if (!target.startsWith(root + sep)) throw missing();
    const handle = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const info = await handle.stat();
    if (!info.isFile()) {
      await handle.close();
      throw missing();
    }
    return {
      sizeBytes: info.size,
      body: handle.createReadStream({ highWaterMark: CHUNK_BYTES, start: Math.min(from, info.size) }),
      startsAt: Math.min(from, info.size),
      validator: `${info.ino} ${info.mtimeMs} ${info.size}`,
      filename: basename(path),
    };
  } catch (error) {
    if (error instanceof CapstanError) throw error;
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ERR_INVALID_ARG_VALUE')
      throw missing();
    throw new CapstanError('FETCH_INTERRUPTED', 'it could not be read from the catalogue of this node', {
      cause: error,
    });
  }
}

const missing = () => new CapstanError('FETCH_FAILED', 'it is not in the catalogue of this node');
