/** How far the phases of jobs are, as their runners say it: the latest of each job that goes on. Kept in memory, and nowhere else. */
import type { Bus } from '@capstan/shared/bus/connect';
import { listen } from '@capstan/shared/bus/publish';
import { ALL_PROGRESS } from '@capstan/shared/bus/subjects';
import type { JobId } from '@capstan/shared/contract/ids';
import { ProgressSchema, type Progress, type ProgressPhase } from '@capstan/shared/contract/progress';
import { STATUS, statusRow, type StatusCode } from '@capstan/shared/contract/status';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { compile } from '@capstan/shared/schema/validate';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';

export type JobProgress = Omit<Progress, 'v'>;

export interface ProgressBoard extends Service {
  latest(jobId: string): JobProgress | undefined;
}

interface ProgressOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly onProgress: (progress: JobProgress, job: JobRow) => void;
  readonly log: Log;
}

/** From this status on, the phase is over. It may be told before the status that it is part of: that comes another way. */
const OVER_FROM: Readonly<Record<ProgressPhase, StatusCode>> = {
  pull: STATUS.configuringVolumes.code,
  provision: STATUS.provisioned.code,
  publish: STATUS.completed.code,
};

const isOver = (phase: ProgressPhase, code: StatusCode) => statusRow(code).rank >= statusRow(OVER_FROM[phase]).rank;
const validate = compile(ProgressSchema);

export function createProgressBoard({ bus, store, onProgress, log }: ProgressOptions): ProgressBoard {
  const board = new Map<string, JobProgress>();
  const listening = new AbortController();

  const hear = (message: unknown) => {
    const checked = validate(message);
    if (!checked.ok) return log.warn({ problems: checked.errors }, 'ignored progress that is not valid');
    const { v: _v, ...progress } = checked.value;
    const job = store.jobs.find(progress.jobId);
    // Of a run or an attempt that is over, or of no job of this node.
    if (job?.run !== progress.run || progress.attempt < job.attempt || isOver(progress.phase, job.code)) return;
    board.set(progress.jobId, progress);
    onProgress(progress, job);
  };

  const settle = (jobId: JobId, code: StatusCode, attempt: number) => {
    const known = board.get(jobId);
    if (known && (isOver(known.phase, code) || known.attempt < attempt)) board.delete(jobId);
  };

  return {
    name: 'progress',
    start() {
      listen(bus, { subject: ALL_PROGRESS, handle: hear, signal: listening.signal });
      const forget = store.onCommitted((events) => {
        for (const { event } of events) settle(event.jobId, event.code, event.attempt);
      });
      listening.signal.addEventListener('abort', forget, { once: true });
      return Promise.resolve();
    },
    stop() {
      listening.abort();
      return Promise.resolve();
    },
    latest: (jobId) => board.get(jobId),
  };
}
