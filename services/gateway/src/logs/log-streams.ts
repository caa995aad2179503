/**
 * Which bytes of a published log are of which stream, as the runner leaves it beside the manifest: for each stretch, twice its length, plus
 * one for standard error, seven bits a byte, the low ones first, the top bit set on all but the last.
 */
import type { JobId } from '@capstan/shared/contract/ids';
import { LOG_STREAMS_FILE } from '@capstan/shared/results/manifest';
import { openBeneath } from '@capstan/shared/results/open-beneath';

/** Lengths, above zero of standard output and below of standard error. None where nothing is known, as of a runner on another machine. */
export type LogStreams = (run: { readonly jobId: JobId; readonly run: number }) => AsyncGenerator<number>;

export function createLogStreams(dir: string): LogStreams {
  return async function* ({ jobId, run }) {
    const handle = await openBeneath(dir, jobId, String(run), 'private', LOG_STREAMS_FILE);
    if (!handle) return;
    let value = 0;
    let weight = 1;
    for await (const chunk of handle.createReadStream() as AsyncIterable<Buffer>) {
      for (const byte of chunk) {
        value += (byte & 0x7f) * weight;
        weight *= 0x80;
        if (byte & 0x80) continue;
        yield value % 2 === 0 ? value / 2 : -(value - 1) / 2;
        [value, weight] = [0, 1];
      }
    }
  };
}
