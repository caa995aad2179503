/** Says over the bus that logs have grown, and hands out pieces of them to whoever asks: the gateway, where somebody follows a job. */
import type { Bus } from '@capstan/shared/bus/connect';
import { broadcast } from '@capstan/shared/bus/publish';
import { answerQuestions } from '@capstan/shared/bus/request';
import { messageLimitBytes } from '@capstan/shared/bus/size';
import { logSubject, loggedSubject } from '@capstan/shared/bus/subjects';
import type { JobId } from '@capstan/shared/contract/ids';
import { LogQuestionSchema, type LogGrown, type LogPiece } from '@capstan/shared/contract/log';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { compile } from '@capstan/shared/schema/validate';
import type { Captures, OpenCapture } from './captures.ts';

export interface LogDesk extends Service {
  /** Answers questions about a job from now on. */
  open(jobId: JobId): void;
  close(jobId: JobId): void;
}

/** What an eye takes for at once, and a broker does not feel. */
const TELL_EVERY_MS = 100;
const MAX_PIECE_BYTES = 256 * 1024;
/** Of a message for each byte of a piece: four thirds as base64, and its segments, which may be of one byte each. */
const BYTES_FOR_EACH = 3.5;
const PIECE_OVERHEAD_BYTES = 300;
/** Not begun yet, published already, or for nobody. */
const NONE: LogPiece = { v: 1, attempt: 0, from: 0, segments: [], bytes: '', sizeBytes: 0 };
const validate = compile(LogQuestionSchema);

export function createLogDesk({ bus, captures, log }: { bus: Bus; captures: Captures; log: Log }): LogDesk {
  const desks = new Map<JobId, AbortController>();
  const resting = new Map<JobId, { readonly timer: NodeJS.Timeout; latest: OpenCapture | undefined }>();
  let forget: (() => void) | undefined;

  const say = ({ jobId, run, attempt, capture }: OpenCapture) => {
    const grown: LogGrown = { v: 1, jobId, run, attempt, sizeBytes: capture.sizeBytes() };
    broadcast(bus, loggedSubject(jobId), grown);
  };

  /** At once, then once in a while, and always the last word. */
  const tell = (grown: OpenCapture) => {
    const rest = resting.get(grown.jobId);
    if (rest) {
      rest.latest = grown;
      return;
    }
    say(grown);
    const timer = setTimeout(() => {
      const late = resting.get(grown.jobId)?.latest;
      resting.delete(grown.jobId);
      if (late) tell(late);
    }, TELL_EVERY_MS).unref();
    resting.set(grown.jobId, { timer, latest: undefined });
  };

  const pieceBytes = () =>
    Math.max(
      1,
      Math.min(MAX_PIECE_BYTES, Math.floor((messageLimitBytes(bus) - PIECE_OVERHEAD_BYTES) / BYTES_FOR_EACH)),
    );

  const answer = async (jobId: JobId, question: unknown): Promise<LogPiece> => {
    const checked = validate(question);
    const found = captures.find(jobId);
    if (!checked.ok || found?.run !== checked.value.run || found.isSealed) return NONE;
    const { from, maxBytes } = checked.value;
    const { capture, attempt } = found;
    const sizeBytes = capture.sizeBytes();
    const piece = await capture.read(from, Math.min(maxBytes, pieceBytes()));
    return {
      v: 1,
      attempt,
      from: piece.from,
      segments: [...piece.segments],
      bytes: piece.bytes.toString('base64'),
      sizeBytes: Math.max(sizeBytes, piece.from + piece.bytes.length),
    };
  };

  return {
    name: 'log desk',
    start() {
      forget = captures.onGrown(tell);
      return Promise.resolve();
    },
    stop() {
      forget?.();
      for (const { timer } of resting.values()) clearTimeout(timer);
      for (const desk of desks.values()) desk.abort();
      resting.clear();
      desks.clear();
      return Promise.resolve();
    },
    open(jobId) {
      const desk = new AbortController();
      desks.set(jobId, desk);
      answerQuestions(bus, {
        subject: logSubject(jobId),
        answer: (question) => answer(jobId, question),
        // A log that can't be read just now is asked for again.
        onError: (error) => log.warn({ jobId, err: error }, 'a piece of a log could not be handed out'),
        signal: desk.signal,
      });
    },
    close(jobId) {
      desks.get(jobId)?.abort();
      desks.delete(jobId);
    },
  };
}
