/**
 * The log of a job from an offset on, wherever it is at the moment: nowhere yet, with the runner that works on it, or among the results.
 * Whoever reads asks for the next piece when it has dealt with the last one, so nothing piles up here; and since it always knows how far it
 * is, nothing is lost or doubled by a runner, a broker or a gateway that goes and comes back.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '@capstan/shared/bus/connect';
import { ask } from '@capstan/shared/bus/request';
import { logPieceSubject, logSubject } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/runtime/clock';
import { readJobId, type Address, type JobId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import { LogPieceSchema, type LogPiece, type LogQuestion } from '@capstan/shared/contract/log';
import { isEnding, STATUS } from '@capstan/shared/contract/status';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { compile } from '@capstan/shared/schema/validate';
import type { LogStreams } from './log-streams.ts';
import type { Results } from '../results/open.ts';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import { watchLog } from './log-changes.ts';
import { partsOf, segmentCutter, type LogItem } from './log-pieces.ts';
import { noSuchJob } from '../status/owned-jobs.ts';
import { expired } from '../status/result-access.ts';

export interface LogReading {
  /** Bytes from the beginning; below zero, from the end as it is now. */
  readonly from: number;
  /** The attempt that `from` is of, if the reader knows. */
  readonly attempt?: number | undefined;
  /** Until the job has ended, instead of what there is now. */
  readonly follow: boolean;
}

export interface Logs {
  /** Throws NOT_FOUND alike for a job of somebody else and for none; EXPIRED; BAD_REQUEST where the log is for the eyes of one key only. */
  open(owner: Address, jobId: string): OpenLog;
}

export interface OpenLog {
  readonly jobId: JobId;
  /** Returns whether the job has ended. Throws LOG_UNAVAILABLE where nobody can be asked and it does not follow. */
  read(reading: LogReading, signal: AbortSignal): AsyncGenerator<LogItem, { readonly isComplete: boolean }>;
}

interface LogsOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly results: Results;
  readonly streams: LogStreams;
  readonly clock: Clock;
}

const ASK_LIMIT_MS = 2_000;
const ASK_AGAIN_MS = 200;
const MAX_PIECE_BYTES = 128 * 1024;
const LOG_NAME = 'algorithm.log';
const validate = compile(LogPieceSchema);

export function createLogs({ bus, store, results, streams, clock }: LogsOptions): Logs {
  /** `none`: it has not begun, or is about to be published. `away`: nobody answers. */
  const askRunner = async (jobId: JobId, question: LogQuestion): Promise<LogPiece | 'none' | 'away'> => {
    try {
      const replyTo = logPieceSubject(randomUUID());
      const answer = await ask(bus, { subject: logSubject(jobId), question, replyTo, timeoutMs: ASK_LIMIT_MS });
      const checked = validate(answer);
      if (!checked.ok) return 'away';
      return checked.value.attempt === 0 ? 'none' : checked.value;
    } catch (error) {
      if (hasCode(error, 'BUS_UNAVAILABLE')) return 'away';
      throw error;
    }
  };

  async function* readPublished(job: JobRow, from: number): AsyncGenerator<LogItem> {
    const file = job.results.find(({ type, filename }) => type === 'algorithmLog' && filename === LOG_NAME);
    const opened = file && (await results.open(job, file.index));
    if (!opened) return;
    const size = opened.file.filesize;
    let offset = from < 0 ? Math.max(0, size + from) : from;
    if (offset >= size) return opened.close();
    const segments = streams(job);
    try {
      const cut = segmentCutter(segments, offset);
      for await (const chunk of opened.read({ start: offset, end: size - 1 }) as AsyncIterable<Buffer>) {
        yield* partsOf(chunk, await cut(chunk.length), { attempt: job.attempt, offset });
        offset += chunk.length;
      }
    } finally {
      await segments.return(undefined);
      await opened.close();
    }
  }

  async function* read(
    { jobId, run }: Pick<JobRow, 'jobId' | 'run'>,
    { from, attempt: knownAttempt, follow }: LogReading,
    signal: AbortSignal,
  ): AsyncGenerator<LogItem, { readonly isComplete: boolean }> {
    using changes = watchLog(jobId, { bus, store }, signal);
    let attempt = knownAttempt;
    let offset = from;
    /** There was said to be more, and nothing came. */
    let isEmptyPromise = false;
    const turnTo = function* (current: number): Generator<LogItem> {
      if (attempt !== undefined && attempt !== current) {
        offset = 0;
        yield { kind: 'restart', attempt: current };
      }
      attempt = current;
    };
    while (!signal.aborted) {
      const job = store.jobs.find(jobId);
      // Deleted, or begun again: that run's log is among its results.
      if (job?.run !== run) return { isComplete: true };
      if (isEnding(job.code)) {
        yield* turnTo(job.attempt);
        yield* readPublished(job, offset);
        return { isComplete: true };
      }
      const question = { v: 1 as const, run, from: offset, maxBytes: MAX_PIECE_BYTES };
      const answer = job.code === STATUS.warmingUp.code ? 'none' : await askRunner(jobId, question);
      if (typeof answer === 'object') {
        yield* turnTo(answer.attempt);
        const before = offset;
        if (answer.bytes !== '' && (offset < 0 || answer.from === offset)) {
          const bytes = Buffer.from(answer.bytes, 'base64');
          yield* partsOf(bytes, answer.segments, { attempt: answer.attempt, offset: answer.from });
          offset = answer.from + bytes.length;
        }
        if (offset < 0) offset = answer.from;
        // A runner that promises more and brings nothing is asked again when it says that there is something.
        isEmptyPromise = offset === before && offset < answer.sizeBytes;
        if (!isEmptyPromise && offset < answer.sizeBytes) continue;
      }
      if (!follow) {
        if (answer === 'away') throw unavailable();
        return { isComplete: false };
      }
      await changes.next();
      if (isEmptyPromise) await pause(signal);
    }
    return { isComplete: false };
  }

  return {
    open(owner, text) {
      const id = readJobId(text);
      const job = id && store.jobs.find(id);
      if (job?.owner !== owner) throw noSuchJob();
      if (job.expiresAt !== null && job.expiresAt <= clock.now()) throw expired(job.expiresAt);
      const spec = store.jobs.spec(job.jobId);
      if (spec === undefined) throw forgotten();
      if (isSealed(spec)) throw sealed();
      return { jobId: job.jobId, read: (reading, signal) => read(job, reading, signal) };
    },
  };
}

/** However often a runner says that there is more. */
const pause = (signal: AbortSignal) => sleep(ASK_AGAIN_MS, undefined, { signal, ref: false }).catch(() => undefined);

function isSealed(spec: string): boolean {
  return (JSON.parse(spec) as JobSpec).output?.encryptTo !== undefined;
}

/** Whether it was to be encrypted, nobody knows any more. */
const forgotten = () => new CapstanError('EXPIRED', 'The log of this job is not kept any more. Run the job again.');

const sealed = () =>
  new CapstanError(
    'BAD_REQUEST',
    'The log of this job is encrypted to the key that its output names. Fetch it as a result once the job has ended.',
  );

const unavailable = () =>
  new CapstanError(
    'LOG_UNAVAILABLE',
    'The runner that has the log of this job does not answer at the moment. Ask again, or follow the log.',
  );
