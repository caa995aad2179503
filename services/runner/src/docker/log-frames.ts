/**
 * Docker's log stream as the pieces it was written in, PURE. Docker puts 8 bytes before each: the stream, and in the last four of them
 * the length; and with timestamps, the time at which it took the piece, and a space.
 */
import { CapstanError } from '@capstan/shared/contract/errors';
import type { LogFrame } from './ports/containers.ts';

const HEADER_BYTES = 8;
const STDERR = 2;
/** What the engine has to say of its own: it can't read on. */
const FAILURE = 3;
const SPACE = 0x20;
/** The engine cuts lines at 16 KB; what claims to be much more is no log. */
const MAX_FRAME_BYTES = 1_000_000;
const MAX_FAILURE_BYTES = 1_000;

/** Whole frames, as many as came at once. */
export async function* framesOf(source: AsyncIterable<Buffer>): AsyncGenerator<readonly LogFrame[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: LogFrame[] = [];
    let at = 0;
    let failure: CapstanError | undefined;
    while (!failure && bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(at + 4);
      const end = at + HEADER_BYTES + length;
      if (length <= MAX_FRAME_BYTES && bytes.length < end) break;
      const frame =
        length > MAX_FRAME_BYTES ? noLog() : frameOf(bytes[at] ?? 0, bytes.subarray(at + HEADER_BYTES, end));
      if (frame instanceof CapstanError) failure = frame;
      else frames.push(frame);
      at = end;
    }
    rest = bytes.subarray(at);
    if (frames.length > 0) yield frames;
    // What came before it is of the log, however much came at once.
    if (failure) throw failure;
  }
}

function frameOf(stream: number, body: Buffer): LogFrame | CapstanError {
  if (stream === FAILURE) return noLog(body.toString('utf8', 0, MAX_FAILURE_BYTES));
  const space = body.indexOf(SPACE);
  if (space < 0) return noLog();
  return {
    stream: stream === STDERR ? 'stderr' : 'stdout',
    at: body.toString('latin1', 0, space),
    bytes: body.subarray(space + 1),
  };
}

const noLog = (said?: string) =>
  new CapstanError('OUTPUTS_UNREADABLE', "The container engine's log of the algorithm can't be read.", { cause: said });
