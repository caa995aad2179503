/** One life of a gateway: its own jobs, store and sessions, as `main.ts` puts them together, in a simulated process. */
import { createBus } from '@capstan/shared/bus/connect';
import type { DeleteRequest, StartRequest, StatusObject, StopRequest } from '@capstan/shared/contract/api';
import type { Address, JobId, Nonce } from '@capstan/shared/contract/ids';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { serviceGroup } from '@capstan/shared/runtime/service';
import { createRoom } from '../../../services/gateway/src/quotas/room.ts';
import { createAssets } from '../../../services/gateway/src/assets/assets.ts';
import { createNonceBook } from '../../../services/gateway/src/auth/nonce-book.ts';
import type { Authenticate } from '../../../services/gateway/src/auth/authenticate.ts';
import { createDispatch } from '../../../services/gateway/src/controller/dispatch.ts';
import { createIntake } from '../../../services/gateway/src/events/intake.ts';
import { createLive } from '../../../services/gateway/src/live/event-source.ts';
import { createQueuePass, createQueueReason } from '../../../services/gateway/src/scheduling/queue-reason.ts';
import { createRemove } from '../../../services/gateway/src/admission/remove.ts';
import { createLeftElsewhere } from '../../../services/gateway/src/controller/left-elsewhere.ts';
import { createRunners } from '../../../services/gateway/src/scheduling/runners.ts';
import { createSettle } from '../../../services/gateway/src/controller/after-end.ts';
import { statusObject } from '../../../services/gateway/src/status/status-object.ts';
import { createStop } from '../../../services/gateway/src/admission/stop.ts';
import { createSubmit } from '../../../services/gateway/src/admission/submit.ts';
import { createDeletions } from '../../../services/gateway/src/controller/deletions.ts';
import { createCleared } from '../../../services/gateway/src/controller/cleared.ts';
import { createSweep } from '../../../services/gateway/src/controller/sweep.ts';
import type { Results } from '../../../services/gateway/src/results/open.ts';
import type { StoredEvent } from '../../../services/gateway/src/store/events.ts';
import type { JobRow } from '../../../services/gateway/src/store/job-row.ts';
import type { StatusRow } from '../../../services/gateway/src/store/statuses.ts';
import type { Store } from '../../../services/gateway/src/store/store.ts';
import { createNotifyProblem } from '../../../services/gateway/src/notify/allowed.ts';
import { createHub } from '../../../services/gateway/src/live/hub.ts';
import type { Follow } from '../../../services/gateway/src/live/follow.ts';
import { createTelling } from '../../../services/gateway/src/live/telling.ts';
import { createEnvironmentConsumers } from '../../../services/gateway/src/scheduling/environment-consumers.ts';
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
const callerOf: Authenticate['act'] = ({ consumerAddress, nonce = '' }) =>
  Promise.resolve({ address: consumerAddress.toLowerCase() as Address, nonce: nonce as Nonce, spends: true });
const authenticate: Authenticate = {
  prove: callerOf,
  act: callerOf,
  admit: () => undefined,
  status: () => Promise.reject(new Error('statuses are open here')),
};

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { process, dial, store, intakeStore, results, newJobId, onCommitted } = options;
  const { clock, log } = process;
  store.onCommitted(onCommitted);
  const bus = createBus({
    nats: { servers: ['simulated'] },
    name: process.name,
    log,
    dial,
    makes: { environments: () => runners.ids() },
  });
  const room = createRoom(store, {
    jobsPerAddress: 1e6,
    bytesPerAddress: 1e9,
    jobs: 1e6,
    bytes: 1e9,
    keptBytes: undefined,
  });
  const runners = createRunners({ bus, store, clock, log });
  const dispatch = createDispatch({ bus, store, runners, room, clock, log });
  const queue = createQueueReason({ store, runners, room });
  const queuePass = createQueuePass({ store, runners, room });
  const show = (job: StatusRow): StatusObject =>
    statusObject(job, { publicUrl: 'http://node.example', dates: 'unix', queue, held: () => null });
  const isOperator = () => false;
  const resultAssets = {
    add: () => process.call('describing results', () => undefined),
    remove: () => process.call('forgetting a description', () => undefined),
  };
  const nonces = createNonceBook(store);
  const live = createLive(store, show);
  const hub = createHub(live);
  const { follow } = createTelling({ store, show, queuePass, live, hub, latestProgress: () => undefined, clock });
  const submit = createSubmit({
    bus,
    store,
    runners,
    authenticate,
    nonces,
    assets: createAssets({ find: (did) => Promise.resolve(did === DATASET.id ? DATASET : undefined) }),
    orders: { verify: () => Promise.reject(new Error('orders are free here')) },
    room,
    notifyProblem: createNotifyProblem([]),
    seal: (text) => text,
    trustWithoutChecksums: false,
    newJobId,
    clock,
    log,
    onStored: () => dispatch.wake(),
  });
  const leftElsewhere = createLeftElsewhere({ store, runners });
  const stop = createStop({
    bus,
    store,
    leftElsewhere,
    authenticate,
    nonces,
    acceptsNonceless: false,
    isOperator,
    clock,
    log,
  });
  const remove = createRemove({ bus, store, results, resultAssets, authenticate, nonces, leftElsewhere, clock, log });
  const deletions = createDeletions({ finish: remove.finish, clock, log });
  // Simulated time passes for nobody's sake.
  const upkeep = createUpkeep({ clock, pause: () => Promise.resolve() });
  const cleared = createCleared({ bus, store, runners, onRemoved: () => undefined, clock, log });
  const services = serviceGroup([
    bus,
    runners,
    createEnvironmentConsumers({ bus, runners, log }),
    dispatch,
    createSettle({ bus, store, dispatch, deletions, log }),
    hub,
    createIntake({ bus, store: intakeStore, results, resultAssets, clock, log }),
    cleared,
    createSweep({ bus, store, runners, dispatch, deletions, cleared, upkeep, leftElsewhere, clock, log }),
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
