/** One life of a gateway: its own jobs, store and sessions, as `main.ts` puts them together, in a simulated process. */
import { createBus } from '@capstan/shared/bus/connect';
import type { DeleteRequest, StartRequest, StatusObject, StopRequest } from '@capstan/shared/contract/api';
import type { Address, JobId, Nonce } from '@capstan/shared/contract/ids';
import { serviceGroup } from '@capstan/shared/service';
import { createAssets } from '../../../services/gateway/src/assets/assets.ts';
import type { Authenticate } from '../../../services/gateway/src/auth/authenticate.ts';
import { createDispatch } from '../../../services/gateway/src/jobs/dispatch.ts';
import { createIntake } from '../../../services/gateway/src/jobs/intake.ts';
import { createLive } from '../../../services/gateway/src/jobs/live.ts';
import { createQuery } from '../../../services/gateway/src/jobs/query.ts';
import { createQueueReason } from '../../../services/gateway/src/jobs/queue-reason.ts';
import { createRemove } from '../../../services/gateway/src/jobs/remove.ts';
import { createRunners } from '../../../services/gateway/src/jobs/runners.ts';
import { createSettle } from '../../../services/gateway/src/jobs/settle.ts';
import { statusObject } from '../../../services/gateway/src/jobs/status-object.ts';
import { createStop } from '../../../services/gateway/src/jobs/stop.ts';
import { createSubmit } from '../../../services/gateway/src/jobs/submit.ts';
import { createSweep } from '../../../services/gateway/src/jobs/sweep.ts';
import type { Results } from '../../../services/gateway/src/results/open.ts';
import type { StoredEvent } from '../../../services/gateway/src/store/events.ts';
import type { JobRow } from '../../../services/gateway/src/store/job-row.ts';
import type { StatusRow } from '../../../services/gateway/src/store/statuses.ts';
import type { Store } from '../../../services/gateway/src/store/store.ts';
import { createFollow, type Follow } from '../../../services/gateway/src/live/follow.ts';
import { createHub } from '../../../services/gateway/src/live/hub.ts';
import { createTurns } from '../../../services/gateway/src/live/turns.ts';
import type { Dial } from '../nats/client.ts';
import type { Process } from '../world/process.ts';
import { DATASET } from './dataset.ts';

/** What consumers reach. */
export interface Gateway {
  start(request: StartRequest, bodyHash: string): Promise<JobRow>;
  stop(request: StopRequest): Promise<readonly JobRow[]>;
  remove(request: DeleteRequest): Promise<readonly StatusRow[]>;
  readonly follow: Follow;
  /** As at a SIGTERM. */
  shutDown(): Promise<void>;
}

export interface GatewayOptions {
  readonly process: Process;
  readonly dial: Dial;
  readonly store: Store;
  /** The same, for the events of runners. */
  readonly intakeStore: Store;
  readonly results: Results;
  readonly newJobId: () => JobId;
  readonly onCommitted: (events: readonly StoredEvent[]) => void;
}

const MOST_LEAP = 1_000;

/** Signatures are somebody else's: here callers are who they say. What becomes of their nonces is the store's. */
const authenticate: Authenticate = ({ consumerAddress, nonce = '' }) =>
  Promise.resolve({ address: consumerAddress.toLowerCase() as Address, nonce: nonce as Nonce });

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { process, dial, store, intakeStore, results, newJobId, onCommitted } = options;
  const { clock, log } = process;
  store.onCommitted(onCommitted);
  const bus = createBus({ nats: { servers: ['simulated'] }, name: process.name, log, dial });
  const runners = createRunners({ bus, store, clock, log });
  const dispatch = createDispatch({ bus, store, runners, clock, log });
  const queue = createQueueReason(store, runners);
  const show = (job: StatusRow): StatusObject =>
    statusObject(job, { publicUrl: 'http://node.example', dates: 'unix', queue });
  const isOperator = () => false;
  const resultAssets = {
    add: () => process.call('describing results', () => undefined),
    remove: () => process.call('forgetting a description', () => undefined),
  };
  const live = createLive(store, show);
  const hub = createHub(live);
  const query = createQuery({ store, authenticate, statusAccess: 'open', isOperator, show });
  const takeTurn = createTurns({ budgetMs: 5, nowMs: () => clock.monotonicMs() });
  const follow = createFollow({ live, hub, query, latestProgress: () => undefined, takeTurn });
  const submit = createSubmit({
    bus,
    store,
    runners,
    authenticate,
    assets: createAssets({ find: (did) => Promise.resolve(did === DATASET.id ? DATASET : undefined) }),
    orders: { verify: () => Promise.reject(new Error('orders are free here')) },
    seal: (text) => text,
    newJobId,
    clock,
    log,
    onStored: () => dispatch.wake(),
  });
  const stop = createStop({ bus, store, authenticate, acceptsNonceless: false, isOperator, clock, log });
  const remove = createRemove({ bus, store, results, resultAssets, authenticate, clock, log });
  const services = serviceGroup([
    bus,
    runners,
    dispatch,
    createSettle({ bus, store, dispatch, remove, log }),
    hub,
    createIntake({ bus, store: intakeStore, resultAssets, clock, log }),
    createSweep({ bus, store, runners, dispatch, remove, clock, log }),
  ]);
  // As at each start: cursors of another life are told from this one's.
  await store.write(() => store.cursors.leap(1 + Math.floor(Math.random() * MOST_LEAP)));
  await services.start();
  return {
    start: (request, bodyHash) => submit({ request, bodyHash }),
    stop,
    remove: (request) => remove.request(request),
    follow,
    shutDown: () => services.stop(),
  };
}
