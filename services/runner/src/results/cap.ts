/** A log that never ends up larger than its limit: passes on at most `maxBytes`, says that the rest is missing, and stops reading. */
import { MB } from '@capstan/shared/contract/sizes';

export async function* capped(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let left = maxBytes;
  for await (const chunk of source) {
    if (chunk.length > left) {
      yield chunk.subarray(0, left);
      yield Buffer.from(`\n[the log is cut off here: at most ${maxBytes / MB} MB of it are kept]\n`);
      return;
    }
    left -= chunk.length;
    yield chunk;
  }
}
