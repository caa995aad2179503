/** From the queue to the runners: gives jobs the places that environments have free. Sending their commands is the controller's. */
import { minus, neededBy } from '@capstan/shared/contract/amounts';
import type { Bus } from '@capstan/shared/bus/connect';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { createWake } from '@capstan/shared/runtime/wake';
import type { Room } from '../quotas/room.ts';
import { nextByFairShare } from '../scheduling/fair-share.ts';
import { freeIn } from '../scheduling/reservations.ts';
import type { Runners } from '../scheduling/runners.ts';
import { takeTurn } from '../scheduling/turns.ts';
import type { Store } from '../store/store.ts';
import type { Sending } from './send-start.ts';

export interface Dispatch extends Service {
  /** Something changed: a job came or ended, a runner came, NATS is back. */
  wake(): void;
}

interface DispatchOptions {
  readonly bus: Pick<Bus, 'isConnected'>;
  readonly store: Store;
  readonly runners: Pick<Runners, 'environment' | 'environments'>;
  /** Quotas: whose kept results leave no room for more. */
  readonly room: Pick<Room, 'whoMayBegin'>;
  readonly clock: Clock;
  readonly log: Log;
  /** These have a place: their commands are to go out. */
  readonly onTaken: (taken: readonly Sending[]) => void;
}

export function createDispatch({ bus, store, runners, room, clock, log, onTaken }: DispatchOptions): Dispatch {
  let isStopped = false;

  /** Takes jobs from the queue as long as there is room. Runs inside a transaction. */
  const take = (environment: EnvironmentId): readonly Sending[] => {
    const taken: Sending[] = [];
    const state = runners.environment(environment);
    if (!state) return taken;
    const { total, environment: offered } = state;
    const needOf = ({ jobId }: { readonly jobId: JobId }) => neededBy(store.jobResources.of(jobId), offered);
    const mayBegin = room.whoMayBegin();
    let free = freeIn(state, store);
    for (;;) {
      const next = nextByFairShare(store.queue.waitingOwners(environment).filter(mayBegin), { free, total }, needOf);
      if (!next) return taken;
      const sent = takeTurn(store, next.jobId, clock.now());
      if (sent) taken.push({ jobId: next.jobId, ...sent });
      free = minus(free, needOf(next));
    }
  };

  const dispatch = async () => {
    if (isStopped || !bus.isConnected()) return;
    const environments = runners
      .environments()
      .filter(({ environment, isLive }) => isLive && store.queue.hasWaiting(environment.id))
      .map(({ environment }) => environment.id);
    if (environments.length === 0) return;
    onTaken(await store.write(() => environments.flatMap(take)));
  };

  const wake = createWake(dispatch, (error) => log.error({ err: error }, 'dispatching failed'));

  return {
    name: 'dispatch',
    start() {
      isStopped = false;
      wake.wake();
      return Promise.resolve();
    },
    async stop() {
      isStopped = true;
      await wake.idle();
    },
    wake: () => wake.wake(),
  };
}
