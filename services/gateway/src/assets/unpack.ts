/**
 * What publishers pack descriptions with, unpacked within a bound. Under the one name LZMA two formats go about: what Python calls so
 * (a container, xz), and the older one of lzma-js, whose header says how large the content is.
 */
import LZMA from 'lzma';
import xz from 'xz-decompress';

const XZ = Buffer.from('fd377a585a00', 'hex');
const HEADER_BYTES = 13;
/** The smallest window that the format knows. */
const LEAST_WINDOW = 4_096;

/** The content, or undefined for what is neither format, or larger than the bound. */
export async function unpack(packed: Uint8Array, maxBytes: number): Promise<Buffer | undefined> {
  try {
    return Buffer.from(packed.subarray(0, XZ.length)).equals(XZ)
      ? await unpackXz(packed, maxBytes)
      : unpackAlone(packed, maxBytes);
  } catch {
    return undefined;
  }
}

async function unpackXz(packed: Uint8Array, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of new xz.XzReadableStream(new Blob([new Uint8Array(packed)]).stream())) {
    sizeBytes += chunk.length;
    // Leaving the loop ends the stream.
    if (sizeBytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unpackAlone(packed: Uint8Array, maxBytes: number): Buffer | undefined {
  if (packed.length < HEADER_BYTES) return undefined;
  const bytes = Buffer.from(packed);
  const sizeBytes = bytes.readBigUInt64LE(5);
  // Also all ones, for a size that only the end tells.
  if (sizeBytes > BigInt(maxBytes)) return undefined;
  // The window is made as large as the header wants it; more than the content is never looked at.
  bytes.writeUInt32LE(Math.max(LEAST_WINDOW, Number(sizeBytes)), 1);
  const content = LZMA.decompress(bytes);
  // Text where it could be read as such.
  return typeof content === 'string' ? Buffer.from(content, 'utf8') : Buffer.from(Uint8Array.from(content));
}
