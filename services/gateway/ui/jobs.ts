/** The jobs that the page knows of, as the node tells of them. Whoever shows them is told at most once a frame of the screen. */
import type { StatusFrame } from '@capstan/shared/client/status-stream';
import type { StatusObject } from '@capstan/shared/contract/api';

export type Progress = Extract<StatusFrame, { type: 'snapshot' }>['progress'][number];
export type JobEvent = Extract<StatusFrame, { type: 'event' }>;

export interface KnownJob {
  readonly job: StatusObject;
  readonly progress?: Progress | undefined;
  /** Statuses of this run that were seen, in order. */
  readonly before: readonly number[];
  /** When it entered its status, if that was seen: Unix milliseconds. */
  readonly since?: number;
}

export type Counts = Pick<Extract<StatusFrame, { type: 'counts' }>, 'waiting' | 'running' | 'ended'>;

export interface Jobs {
  get(jobId: string): KnownJob | undefined;
  /** Newest first. */
  all(): readonly KnownJob[];
  /** How many there are, where the node counts them. */
  counts(): Counts | undefined;
  apply(frame: StatusFrame): void;
  /** To be asked before jobs are fetched: what happens after it is newer than they are. */
  mark(): number;
  add(jobs: readonly StatusObject[], mark: number): void;
  clear(): void;
}

const DELETED = 8;

export function createJobs(onChange: () => void): Jobs {
  const known = new Map<string, KnownJob>();
  /** When something was last heard of a job, counted in frames. */
  const heard = new Map<string, number>();
  let frames = 0;
  let counts: Counts | undefined;
  let isAsked = false;

  const changed = () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      onChange();
    });
  };
  const put = (job: StatusObject) => known.set(job.jobId, { ...(known.get(job.jobId) ?? { before: [] }), job });

  const happened = ({ jobId, job, status, at }: JobEvent) => {
    heard.set(jobId, frames);
    // Of a job that is gone, its owner still sees that it is.
    const last = job ?? known.get(jobId)?.job;
    if (!last) return;
    const before = status === 1 ? [] : [...(known.get(jobId)?.before ?? []), status];
    known.set(jobId, { job: last, before, since: at * 1_000 });
    if (job === null || status === DELETED) known.delete(jobId);
  };

  const waits = ({ jobId, position, reason }: Extract<StatusFrame, { type: 'queue' }>) => {
    const job = known.get(jobId)?.job;
    if (job?.status === 1) put({ ...job, queue: { position, reason } });
  };

  const removed = (jobId: string) => {
    const job = known.get(jobId)?.job;
    if (job) put({ ...job, removed: 1 });
  };

  return {
    get: (jobId) => known.get(jobId),
    all: () => [...known.values()].toSorted((a, b) => Number(b.job.dateCreated) - Number(a.job.dateCreated)),
    counts: () => counts,
    mark: () => frames,
    add(jobs, mark) {
      for (const job of jobs) if ((heard.get(job.jobId) ?? 0) <= mark) put(job);
      changed();
    },
    apply(frame) {
      frames += 1;
      switch (frame.type) {
        case 'snapshot':
          known.clear();
          frame.jobs.forEach(put);
          frame.progress.forEach((progress) => tell(known, progress.jobId, { progress }));
          break;
        case 'event':
          happened(frame);
          break;
        case 'progress':
          tell(known, frame.jobId, { progress: frame });
          break;
        case 'queue':
          waits(frame);
          break;
        case 'removed':
          removed(frame.jobId);
          break;
        case 'counts':
          counts = frame;
          break;
        case 'reset':
        case 'caughtUp':
          break;
      }
      changed();
    },
    clear() {
      known.clear();
      heard.clear();
      counts = undefined;
      changed();
    },
  };
}

function tell(known: Map<string, KnownJob>, jobId: string, news: Partial<KnownJob>): void {
  const before = known.get(jobId);
  if (before) known.set(jobId, { ...before, ...news });
}
