/** Somebody who follows the log of a job as the gateway does: asks the runner for pieces over the bus, whenever it says that there is more. */
import { randomUUID } from 'node:crypto';
import type { Bus } from '@capstan/shared/bus/connect';
import { listen } from '@capstan/shared/bus/publish';
import { ask } from '@capstan/shared/bus/request';
import { logPieceSubject, logSubject, loggedSubject } from '@capstan/shared/bus/subjects';
import type { JobId } from '@capstan/shared/contract/ids';
import type { LogPiece, LogStream } from '@capstan/shared/contract/log';

export interface LogReader extends Disposable {
  /** All that was read of a stream so far. */
  text(stream: LogStream): string;
  /** Of both, in their order. */
  all(): string;
  /** Resolves once what was read of both fits. */
  until(fits: (all: string) => boolean, what: string): Promise<void>;
}

const ASK_LIMIT_MS = 2_000;
const LIMIT_MS = 30_000;

export function followLog(bus: Bus, jobId: JobId, { maxBytes = 100_000 } = {}): LogReader {
  const over = new AbortController();
  const texts = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  let all = '';
  let from = 0;
  let isAsking = false;
  let isGrown = true;

  const take = ({ segments, bytes }: LogPiece) => {
    const piece = Buffer.from(bytes, 'base64');
    let at = 0;
    for (const segment of segments) {
      const part = piece.toString('latin1', at, at + Math.abs(segment));
      texts[segment > 0 ? 'stdout' : 'stderr'] += part;
      all += part;
      at += Math.abs(segment);
    }
    from += at;
    for (const look of waiting) look();
  };
  const read = async () => {
    isGrown = true;
    if (isAsking) return;
    isAsking = true;
    while (isGrown && !over.signal.aborted) {
      isGrown = false;
      const answer = (await ask(bus, {
        subject: logSubject(jobId),
        question: { v: 1, run: 1, from, maxBytes },
        replyTo: logPieceSubject(randomUUID()),
        timeoutMs: ASK_LIMIT_MS,
      })) as LogPiece;
      if (!answer || answer.attempt === 0) continue;
      take(answer);
      if (from < answer.sizeBytes) isGrown = true;
    }
    isAsking = false;
  };
  const readOn = () => void read().catch(() => (isAsking = false));
  listen(bus, { subject: loggedSubject(jobId), handle: readOn, signal: over.signal });
  over.signal.addEventListener('abort', bus.onConnected(readOn), { once: true });
  readOn();

  return {
    text: (stream) => texts[stream],
    all: () => all,
    until(fits, what) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(
        () => reject(new Error(`${what} did not come; read so far: ${all.slice(-200)}`)),
        LIMIT_MS,
      );
      const look = () => {
        if (fits(all)) resolve();
      };
      waiting.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(look);
      });
    },
    [Symbol.dispose]: () => over.abort(),
  };
}
