/**
 * Docker's log stream as the pieces it was written in, PURE. Docker puts 8 bytes before each: the stream, and in the last four of them
 * the length; and with timestamps, the time at which it took the piece, and a space.
 */
import { CapstanError } from '@capstan/shared/errors';
import type { LogFrame } from './engine.ts';

const HEADER_BYTES = 8;
const STDERR = 2;
const SPACE = 0x20;
/** The engine cuts lines at 16 KB; what claims to be much more is no log. */
const MAX_FRAME_BYTES = 1_000_000;

/** Whole frames, as many as came at once. */
export async function* framesOf(source: AsyncIterable<Buffer>): AsyncGenerator<readonly LogFrame[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: LogFrame[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(at + 4);
      if (length > MAX_FRAME_BYTES) throw noLog();
      const end = at + HEADER_BYTES + length;
      if (bytes.length < end) break;
      frames.push(frameOf(bytes[at] ?? 0, bytes.subarray(at + HEADER_BYTES, end)));
      at = end;
    }
    rest = bytes.subarray(at);
    if (frames.length > 0) yield frames;
  }
}

function frameOf(stream: number, body: Buffer): LogFrame {
  const space = body.indexOf(SPACE);
  if (space < 0) throw noLog();
  return {
    stream: stream === STDERR ? 'stderr' : 'stdout',
    at: body.toString('latin1', 0, space),
    bytes: body.subarray(space + 1),
  };
}

const noLog = () =>
  new CapstanError('OUTPUTS_UNREADABLE', "The container engine's log of the algorithm can't be read.");
