/** The text of the file that an engine's archive holds. */
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { extract } from 'tar-stream';

/** Without it where it is no plain file, or has more than `maxBytes`. */
export async function textIn(archive: Readable, maxBytes: number): Promise<{ readonly text?: string }> {
  const entries = archive.pipe(extract());
  archive.once('error', (error) => entries.destroy(error));
  try {
    for await (const entry of entries) {
      const { type, size } = entry.header;
      return type === 'file' && size <= maxBytes ? { text: await text(entry) } : {};
    }
    return {};
  } finally {
    archive.destroy();
  }
}
