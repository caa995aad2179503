/** How jobs are shown: their rows, and why those wait that do. */
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Room } from '../quotas/room.ts';
import { createQueuePass, createQueueReason, type QueueView } from '../scheduling/queue-reason.ts';
import { waitsForRunner, type LeftElsewhere } from '../controller/left-elsewhere.ts';
import type { Runners } from '../scheduling/runners.ts';
import { statusObject, type StatusView } from './status-object.ts';
import type { StatusRow } from '../store/status-row.ts';
import type { Store } from '../store/store.ts';

interface ViewOptions {
  readonly store: Store;
  readonly runners: Pick<Runners, 'environment'>;
  readonly room: Pick<Room, 'whyNotYet'>;
  readonly leftElsewhere: LeftElsewhere;
  readonly publicUrl: () => string;
}

export interface JobView {
  /** One job; of many, with a look at the queue that they share. */
  readonly show: (job: StatusRow, dates?: StatusView['dates'], queue?: QueueView) => StatusObject;
  readonly queuePass: () => QueueView;
}

export function createJobView({ publicUrl, leftElsewhere, ...options }: ViewOptions): JobView {
  const ofOne = createQueueReason(options);
  const held = (job: StatusRow) => {
    const runnerId = leftElsewhere(job);
    return runnerId === undefined ? null : waitsForRunner(runnerId);
  };
  return {
    show: (job, dates = 'unix', queue = ofOne) => statusObject(job, { publicUrl: publicUrl(), dates, queue, held }),
    queuePass: createQueuePass(options),
  };
}
