/** What an engine gives in many pieces, and may not begin to give, or stop giving in the middle. */
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { quiet } from '@capstan/shared/net/decoded';
import { LEFT } from '@capstan/shared/runtime/limited';
import { answeredFor, whileAnswering } from './answering.ts';
import type { EngineHost } from './ports/host.ts';

interface Bounds {
  readonly engine: Pick<EngineHost, 'about'>;
  readonly ms: number;
  /** What it fails with. */
  readonly overdue: () => Error;
  readonly signal: AbortSignal;
}

/**
 * Opens a stream that fails once nothing has come for so long, of what its reader wants, while the engine answered all else. A reader that
 * takes its time is not meant.
 */
export async function unlessStalled(
  bounds: Bounds,
  open: (signal: AbortSignal) => Promise<Readable>,
): Promise<Readable> {
  const over = new AbortController();
  const signal = AbortSignal.any([bounds.signal, over.signal]);
  const source = await whileAnswering(bounds, () => open(signal)).catch((error: unknown) => {
    over.abort(LEFT);
    throw error;
  });
  const out = quiet(new PassThrough());
  let pieces = 0;
  source.on('data', () => (pieces += 1));
  pipeline(source, out, () => over.abort(LEFT));
  const watch = async () => {
    for (;;) {
      const before = pieces;
      await answeredFor({ ...bounds, signal });
      const isUpToEngine = out.writableLength + out.readableLength === 0 && !source.readableEnded;
      if (pieces === before && isUpToEngine) return void out.destroy(bounds.overdue());
    }
  };
  // It ends with the stream.
  watch().catch(() => undefined);
  return out;
}
