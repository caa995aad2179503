/**
 * What follows an end: its slot is free for the next job, a runner that still holds the start command hears that it is over, and a job
 * that its owner deleted while it ran goes with all that belongs to it.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { putDesired } from '@capstan/shared/bus/desired';
import { isEnding } from '@capstan/shared/contract/status';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import type { Deletions } from './deletions.ts';
import type { StoredEvent } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import type { Dispatch } from './dispatch.ts';

interface SettleOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly dispatch: Dispatch;
  readonly deletions: Pick<Deletions, 'attempt'>;
  readonly log: Log;
}

export function createSettle({ bus, store, dispatch, deletions, log }: SettleOptions): Service {
  let forget: (() => void) | undefined;

  const tell = ({ event: { jobId, run, code } }: StoredEvent) => {
    // Losing this word costs a look at the manifest, when the command should come again; it is not worth a retry.
    putDesired(bus, jobId, { run, want: code === 8 ? 'deleted' : 'ended' }).catch((error: unknown) =>
      log.debug({ jobId, run, problem: messageOf(error) }, 'could not tell the runners that the job has ended'),
    );
  };

  const removeIfWanted = ({ job }: StoredEvent) => {
    // The sweep comes back to it.
    if (job.want === 'deleted') deletions.attempt(job);
  };

  return {
    name: 'settle',
    start() {
      forget = store.onCommitted((events) => {
        const ended = events.filter(({ event }) => isEnding(event.code));
        ended.forEach(tell);
        ended.forEach(removeIfWanted);
        if (ended.length > 0) dispatch.wake();
      });
      return Promise.resolve();
    },
    stop() {
      forget?.();
      return Promise.resolve();
    },
  };
}
