/** The log of a job as a runner would have it: it says that there is more, hands out pieces, and publishes all of it. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bus } from '@capstan/shared/bus/connect';
import { broadcast } from '@capstan/shared/bus/publish';
import { answerQuestions } from '@capstan/shared/bus/request';
import { loggedSubject, logSubject } from '@capstan/shared/bus/subjects';
import type { JobId } from '@capstan/shared/contract/ids';
import type { LogGrown, LogPiece, LogQuestion, LogStream } from '@capstan/shared/contract/log';
import type { ResultFile } from '@capstan/shared/contract/job';
import type { Manifest } from '@capstan/shared/results/manifest';
import { addSegment, encodeSegments } from '../../../services/runner/src/logs/segments.ts';

export interface PlayedLog extends Disposable {
  /** `isTold`: whether the runner says that there is more. */
  print(stream: LogStream, text: string | Buffer, options?: { readonly isTold?: boolean }): void;
  /** The engine lost the container: an empty log, of another attempt. */
  begin(attempt: number): void;
  /** How often it was asked. */
  questions(): number;
  /** Leaves it among the results. Resolves to how the ending event lists them. */
  publish(dataDir: string): Promise<readonly ResultFile[]>;
}

export async function playLog(bus: Bus, jobId: string): Promise<PlayedLog> {
  const id = jobId as JobId;
  const over = new AbortController();
  let bytes: Buffer = Buffer.alloc(0);
  let segments: number[] = [];
  let attempt = 1;
  let questions = 0;

  const answer = ({ from, maxBytes }: LogQuestion): LogPiece => {
    const start = from < 0 ? Math.max(0, bytes.length + from) : Math.min(from, bytes.length);
    const end = Math.min(start + maxBytes, bytes.length);
    const found: number[] = [];
    let at = 0;
    for (const segment of segments) {
      const inside = Math.min(at + Math.abs(segment), end) - Math.max(at, start);
      if (inside > 0) addSegment(found, segment > 0 ? inside : -inside);
      at += Math.abs(segment);
    }
    const piece = bytes.subarray(start, end);
    return { v: 1, attempt, from: start, segments: found, bytes: piece.toString('base64'), sizeBytes: bytes.length };
  };

  answerQuestions(bus, {
    subject: logSubject(id),
    answer: (question) => {
      questions += 1;
      return Promise.resolve(answer(question as LogQuestion));
    },
    onError: (error) => {
      throw error;
    },
    signal: over.signal,
  });
  await bus.connection().flush();

  return {
    print(stream, text, { isTold = true } = {}) {
      const more = Buffer.from(text as Buffer);
      bytes = Buffer.concat([bytes, more]);
      addSegment(segments, stream === 'stdout' ? more.length : -more.length);
      const grown: LogGrown = { v: 1, jobId: id, run: 1, attempt, sizeBytes: bytes.length };
      if (isTold) broadcast(bus, loggedSubject(id), grown);
    },
    begin(next) {
      [bytes, segments, attempt] = [Buffer.alloc(0), [], next];
    },
    questions: () => questions,
    async publish(dataDir) {
      const dir = join(dataDir, 'results', jobId, '1');
      await mkdir(join(dir, 'files'), { recursive: true });
      await mkdir(join(dir, 'private'), { recursive: true });
      const file = { filename: 'algorithm.log', filesize: bytes.length, type: 'algorithmLog', index: 0 } as const;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const manifest: Manifest = {
        v: 1,
        jobId: id,
        run: 1,
        attempt,
        code: 70,
        endedAt: Date.now(),
        expiresAt: Date.now() + 60_000,
        termination: null,
        files: [{ ...file, sha256 }],
        skipped: [],
      };
      await writeFile(join(dir, 'files', '0'), bytes);
      await writeFile(join(dir, 'private', 'log.streams'), encodeSegments(segments));
      await writeFile(join(dir, 'manifest.json'), JSON.stringify(manifest));
      return [file];
    },
    [Symbol.dispose]: () => over.abort(),
  };
}
