/** Writes a stream to a file in large pieces: each write goes through another thread, which costs more than the bytes of a small one. */
import type { FileHandle } from 'node:fs/promises';

const PIECE_BYTES = 512 * 1024;

/** While one piece is being written, the next one is gathered. */
export async function writeAll(handle: FileHandle, body: AsyncIterable<Buffer>): Promise<void> {
  let [gathering, spare] = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)];
  let used = 0;
  let written = Promise.resolve();

  const flush = async () => {
    await written;
    written = handle.writeFile(gathering.subarray(0, used));
    // Heard at the next flush; until then it is nobody's fault.
    written.catch(() => undefined);
    [gathering, spare, used] = [spare, gathering, 0];
  };

  try {
    for await (const chunk of body) {
      for (let taken = 0; taken < chunk.length;) {
        const copied = chunk.copy(gathering, used, taken);
        [used, taken] = [used + copied, taken + copied];
        if (used === PIECE_BYTES) await flush();
      }
    }
    if (used > 0) await flush();
  } finally {
    // The file is not closed under a write.
    await written;
  }
}
