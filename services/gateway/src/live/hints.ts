/** What is told of jobs between their events, to who listens: how far a phase is, changes of a place in the queue, and that nothing is left. */
import type { RemovedRun } from '../controller/cleared.ts';
import type { JobProgress } from '../events/progress.ts';
import type { QueueChange } from '../scheduling/queue-changes.ts';
import type { Hub, ListenedJob } from './hub.ts';
import { createHint } from './broadcast-frame.ts';

export interface Hints {
  onProgress(progress: JobProgress, job: ListenedJob): void;
  onQueueChange(change: QueueChange, job: ListenedJob): void;
  onRemoved(run: RemovedRun, job: ListenedJob): void;
  isListenedTo(job: ListenedJob): boolean;
}

export function createHints(hub: Pick<Hub, 'hint' | 'isHinted'>): Hints {
  return {
    onProgress: (progress, job) => hub.hint(createHint('progress', progress), job),
    onQueueChange: (change, job) => hub.hint(createHint('queue', change), job),
    onRemoved: (run, job) => hub.hint(createHint('removed', run), job, 'once'),
    isListenedTo: (job) => hub.isHinted(job),
  };
}
