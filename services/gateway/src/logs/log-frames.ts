/**
 * A log as text, frame by frame. A character whose bytes come in several pieces is told with the last of them; so whoever goes on from an
 * offset in the middle of one is given the bytes before it to read, though not to tell, and gets the character whole.
 */
import { StringDecoder } from 'node:string_decoder';
import type { JobId } from '@capstan/shared/contract/ids';
import type { LogStream } from '@capstan/shared/contract/log';
import type { LogEndFrameSchema, LogFrameSchema, LogRestartFrameSchema } from '@capstan/shared/contract/log-frames';
import type { Static } from 'typebox';
import type { OpenLog, LogReading } from './log.ts';
import type { LogPart } from './log-pieces.ts';

type Bare<Frame> = Omit<Frame, 'subscription'>;
export type LogTextFrame =
  | Bare<Static<typeof LogFrameSchema>>
  | Bare<Static<typeof LogRestartFrameSchema>>
  | Bare<Static<typeof LogEndFrameSchema>>;

/** More than a character, on both streams, however they alternate. */
const LOOK_BACK_BYTES = 4_096;

const STREAMS: readonly LogStream[] = ['stdout', 'stderr'];

/** Ends with `logEnd`, or without, when the signal aborts. */
export async function* logFrames(
  log: OpenLog,
  reading: LogReading,
  signal: AbortSignal,
): AsyncGenerator<LogTextFrame, void> {
  const { jobId } = log;
  let decoders = newDecoders();
  let { attempt = 1 } = reading;
  /** What lies before it was told already. */
  let told = Math.max(0, reading.from);
  let next = told;
  const from = reading.from > 0 ? Math.max(0, reading.from - LOOK_BACK_BYTES) : reading.from;
  const items = log.read({ ...reading, from }, signal);
  for (;;) {
    const { done, value: item } = await items.next();
    if (done === true) {
      if (signal.aborted) return;
      yield* lastWords(decoders, { jobId, attempt, next });
      return yield { type: 'logEnd', jobId, next, isComplete: item.isComplete };
    }
    attempt = item.attempt;
    if (item.kind === 'restart') {
      [decoders, told, next] = [newDecoders(), 0, 0];
      yield { type: 'logRestart', jobId, attempt };
      continue;
    }
    next = Math.max(next, item.offset + item.bytes.length);
    const frame = frameOf(jobId, item, { decoder: decoders[item.stream], told });
    if (frame) yield frame;
  }
}

type Decoders = Readonly<Record<LogStream, StringDecoder>>;

const newDecoders = (): Decoders => ({ stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') });

function frameOf(
  jobId: JobId,
  { attempt, stream, offset, bytes }: LogPart,
  { decoder, told }: { readonly decoder: StringDecoder; readonly told: number },
): LogTextFrame | undefined {
  const known = Math.min(bytes.length, Math.max(0, told - offset));
  if (known > 0) decoder.write(bytes.subarray(0, known));
  const text = decoder.write(bytes.subarray(known));
  const start = offset + known;
  return text === ''
    ? undefined
    : { type: 'log', jobId, attempt, stream, offset: start, next: offset + bytes.length, text };
}

/** What a log that has ended in the middle of a character leaves. */
function* lastWords(
  decoders: Decoders,
  { jobId, attempt, next }: { readonly jobId: JobId; readonly attempt: number; readonly next: number },
): Generator<LogTextFrame> {
  for (const stream of STREAMS) {
    const text = decoders[stream].end();
    if (text !== '') yield { type: 'log', jobId, attempt, stream, offset: next, next, text };
  }
}
