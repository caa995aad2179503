/** One life of a gateway: the production one, in a simulated process. */
import { createBus } from '@capstan/shared/bus/connect';
import type { DeleteRequest, StartRequest, StopRequest } from '@capstan/shared/contract/api';
import type { Address, JobId, Nonce } from '@capstan/shared/contract/ids';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { serviceGroup } from '@capstan/shared/runtime/service';
import { createAssets } from '../../../services/gateway/src/assets/assets.ts';
import { createNonceBook } from '../../../services/gateway/src/auth/nonce-book.ts';
import type { Authenticate } from '../../../services/gateway/src/auth/authenticate.ts';
import type { Results } from '../../../services/gateway/src/results/open.ts';
import type { StoredEvent } from '../../../services/gateway/src/store/events.ts';
import type { JobRow } from '../../../services/gateway/src/store/job-row.ts';
import type { StatusRow } from '../../../services/gateway/src/store/status-row.ts';
import type { Store } from '../../../services/gateway/src/store/store.ts';
import { createNotifyProblem } from '../../../services/gateway/src/notify/allowed.ts';
import type { Follow } from '../../../services/gateway/src/live/follow.ts';
import type { Dial } from '../nats/client.ts';
import type { Process } from '../world/process.ts';
import { DATASET } from './dataset.ts';
import { loadConfig } from '@capstan/shared/config/load';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { createGateway } from '../../../services/gateway/src/gateway.ts';
import type { Post } from '../../../services/gateway/src/notify/post.ts';
import type { Quotas } from '../../../services/gateway/src/quotas/quotas.ts';

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
const SETTINGS = loadConfig({}, '/nowhere').gateway;
const KEY = nodeKeyFrom('22'.repeat(32));
/** Jobs here want a place for as long as there is one. */
const QUOTAS: Quotas = { jobsPerAddress: 1e6, bytesPerAddress: 1e9, jobs: 1e6, bytes: 1e9, keptBytes: undefined };
/** No job here names a receiver. */
const NOBODY_TO_NOTIFY: Post = {
  send: () => Promise.reject(new Error('nobody is to be notified')),
  close: () => Promise.resolve(),
};

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
  const { process, dial, store, intakeStore: eventStore, results, newJobId, onCommitted } = options;
  const { clock, log } = process;
  store.onCommitted(onCommitted);
  const gateway = createGateway({
    bus: createBus({
      nats: { servers: ['simulated'] },
      name: process.name,
      log,
      dial,
      makes: { environments: () => gateway.runners.ids() },
    }),
    store,
    eventStore,
    results,
    resultAssets: {
      add: () => process.call('describing results', () => undefined),
      remove: () => process.call('forgetting a description', () => undefined),
    },
    callers: { authenticate, nonces: createNonceBook(store), isOperator: () => false, acceptsNonceless: false },
    assets: createAssets({ find: (did) => Promise.resolve(did === DATASET.id ? DATASET : undefined) }),
    orders: { verify: () => Promise.reject(new Error('orders are free here')) },
    quotas: QUOTAS,
    settings: SETTINGS,
    trustWithoutChecksums: false,
    notifyProblem: createNotifyProblem([]),
    post: NOBODY_TO_NOTIFY,
    publicUrl: () => 'http://node.example',
    key: KEY,
    seal: (text) => text,
    newJobId,
    // Simulated time passes for nobody's sake.
    upkeep: createUpkeep({ clock, pause: () => Promise.resolve() }),
    clock,
    log,
  });
  const services = serviceGroup(gateway.services);
  // As at each start: cursors of another life are told from this one's.
  await store.write(() => store.cursors.leap(1 + Math.floor(Math.random() * MOST_LEAP)));
  await services.start();
  return {
    start: (request, bodyHash) => gateway.submit({ request, bodyHash }),
    stop: gateway.stop,
    remove: (request) => gateway.remove(request),
    follow: gateway.follow,
    shutDown: () => services.stop(),
  };
}
