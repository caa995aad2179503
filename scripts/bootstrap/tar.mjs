import { createReadStream, statSync } from 'node:fs';

const BLOCK = 512;
const TYPES = { file: '0', link: '2', folder: '5' };

/**
 * A tar archive as a stream of buffers; the same entries always give the same bytes.
 * @param {Iterable<{ path: string, type: 'file' | 'link' | 'folder', mode?: number, uid?: number, from?: string, text?: string, target?: string }>} entries
 *   a file's bytes come `from` a file of ours or from `text`
 */
export async function* tar(entries) {
  for (const entry of entries) {
    const sizeBytes = entry.type === 'file' ? contentSize(entry) : 0;
    yield header(entry, sizeBytes);
    if (entry.type !== 'file') continue;
    if (entry.from === undefined) yield Buffer.from(entry.text);
    else yield* createReadStream(entry.from, { highWaterMark: 1 << 20 });
    yield Buffer.alloc((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function contentSize({ from, text }) {
  return from === undefined ? Buffer.byteLength(text) : statSync(from).size;
}

// ustar, as in tar(5).
function header({ path, type, mode = type === 'file' ? 0o644 : 0o755, uid = 0, target = '' }, sizeBytes) {
  const block = Buffer.alloc(BLOCK);
  const put = (offset, width, text) => {
    if (Buffer.byteLength(text) > width)
      throw new RangeError(`"${text}" does not fit into ${width} bytes of a tar header`);
    block.write(text, offset);
  };
  const putNumber = (offset, width, value) => put(offset, width, value.toString(8).padStart(width - 1, '0'));
  put(0, 100, path);
  putNumber(100, 8, mode);
  putNumber(108, 8, uid);
  putNumber(116, 8, uid);
  putNumber(124, 12, sizeBytes);
  putNumber(136, 12, 0);
  put(148, 8, ' '.repeat(8));
  put(156, 1, TYPES[type]);
  put(157, 100, target);
  put(257, 8, 'ustar\x0000');
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  put(148, 8, `${checksum.toString(8).padStart(6, '0')}\0 `);
  return block;
}
