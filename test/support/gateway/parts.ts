/** The gateway's own parts on a store in memory, without NATS and without a runner: for unit tests of what it decides by itself. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import { createLog } from '@capstan/shared/runtime/log';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';
import { describeAsset } from '../../../scripts/catalogue/ddo.ts';
import type { Quotas } from '../../../services/gateway/src/quotas/quotas.ts';
import { createRoom } from '../../../services/gateway/src/quotas/room.ts';
import { createAssets } from '../../../services/gateway/src/assets/assets.ts';
import { createAuthenticate } from '../../../services/gateway/src/auth/authenticate.ts';
import { createNonceBook } from '../../../services/gateway/src/auth/nonce-book.ts';
import { createTickets } from '../../../services/gateway/src/auth/tickets.ts';
import { createTokenWatch } from '../../../services/gateway/src/auth/token-watch.ts';
import { createTokens } from '../../../services/gateway/src/auth/token.ts';
import { createIdentify, type Identity } from '../../../services/gateway/src/auth/identify.ts';
import { createLeftElsewhere } from '../../../services/gateway/src/controller/left-elsewhere.ts';
import { createLive } from '../../../services/gateway/src/live/event-source.ts';
import { createLogs } from '../../../services/gateway/src/logs/log.ts';
import { createOpenOwnLog } from '../../../services/gateway/src/logs/log-access.ts';
import { createQuery } from '../../../services/gateway/src/status/query.ts';
import { createQueuePass, createQueueReason } from '../../../services/gateway/src/scheduling/queue-reason.ts';
import { createReading } from '../../../services/gateway/src/auth/reading.ts';
import { createRunners } from '../../../services/gateway/src/scheduling/runners.ts';
import { statusObject } from '../../../services/gateway/src/status/status-object.ts';
import { createSubmit } from '../../../services/gateway/src/admission/submit.ts';
import { createNotifyProblem } from '../../../services/gateway/src/notify/allowed.ts';
import { createHub } from '../../../services/gateway/src/live/hub.ts';
import { createTelling } from '../../../services/gateway/src/live/telling.ts';
import { createLogStreams } from '../../../services/gateway/src/logs/log-streams.ts';
import { createResultsFolder } from '../../../services/gateway/src/results/folder.ts';
import type { StatusRow } from '../../../services/gateway/src/store/statuses.ts';
import type { Orders } from '../../../services/gateway/src/orders/orders.ts';
import { openStore } from '../../../services/gateway/src/store/store.ts';
import { absentBus } from './absent-bus.ts';

export const ENVIRONMENT: Environment = {
  id: 'local' as EnvironmentId,
  desc: 'for tests',
  cpuType: 'none',
  nCPU: 1,
  gpuType: '',
  nGPU: 0,
  ramGB: 1,
  diskGB: 1,
  orders: 'free',
  priceMin: 0,
  feeToken: `0x${'0'.repeat(40)}`,
  maxJobs: 2,
  maxJobDuration: 60,
  storageExpiry: 60,
  allowNetworkAccess: false,
};

const publicKey = publicKeyOf(nodeKeyFrom('22'.repeat(32)));
const chainId = 8996;
const files = [{ type: 'url', url: 'https://data.example/secret-path' }] as const;

/** A dataset that takes any algorithm, and an algorithm for it. */
export function someAssets(): { readonly dataset: Ddo; readonly algorithm: Ddo } {
  const container = { image: 'alpine', entrypoint: 'sh $ALGO' };
  return {
    dataset: describeAsset({
      asset: { type: 'dataset', name: 'data', access: 'compute', isRawAllowed: true },
      files: [...files],
      chainId,
      publicKey,
    }),
    algorithm: describeAsset({
      asset: { type: 'algorithm', name: 'algorithm', access: 'access', container },
      files: [...files],
      chainId,
      publicKey,
    }),
  };
}

const QUOTAS: Quotas = { jobsPerAddress: 1_000, bytesPerAddress: 64e6, jobs: 1e6, bytes: 4e9, keptBytes: undefined };

/** The node's address in typed signatures. */
export const PROVIDER = `0x${'5'.repeat(40)}`;

interface PartsOptions {
  readonly assets?: readonly Ddo[];
  readonly statusAccess?: Config['gateway']['statusAccess'];
  readonly maxPayloadBytes?: number;
  readonly quotas?: Partial<Quotas>;
  /** Where they are wanted on a chain. */
  readonly orders?: Pick<Orders, 'verify'>;
}

export function gatewayParts({
  assets = [],
  statusAccess = 'open',
  maxPayloadBytes,
  quotas,
  orders,
}: PartsOptions = {}) {
  const log = createLog('test', 'silent');
  const clock = systemClock;
  const store = openStore(':memory:');
  store.environments.save({
    environment: { ...ENVIRONMENT, orders: orders ? 'chain' : 'free' },
    storedAt: clock.now(),
    announcedBy: undefined,
  });
  const bus = absentBus(maxPayloadBytes);
  const room = createRoom(store, { ...QUOTAS, ...quotas });
  const runners = createRunners({ bus, store, clock, log });
  const leftElsewhere = createLeftElsewhere({ store, runners });
  const queue = createQueueReason({ store, runners, room });
  const queuePass = createQueuePass({ store, runners, room });
  const show = (job: StatusRow, dates: 'unix' | 'iso' = 'unix', view = queue): StatusObject =>
    statusObject(job, { publicUrl: 'http://node.example', dates, queue: view, held: () => null });
  let stored = 0;
  const tokens = createTokens({ key: Buffer.alloc(32, 7), revoked: store.revokedTokens, clock, maxTokenDays: 30 });
  const nonces = createNonceBook(store);
  const authenticate = createAuthenticate({
    tokens,
    nonces,
    usedTexts: store.usedTexts,
    limitCaller: () => undefined,
    clock,
    provider: PROVIDER,
    legacySignatures: true,
    legacyTokens: true,
  });
  const submit = createSubmit({
    bus,
    store,
    runners,
    authenticate,
    nonces,
    assets: createAssets({ find: (did) => Promise.resolve(assets.find(({ id }) => id === did)) }),
    orders: orders ?? { verify: () => Promise.reject(new Error('orders are free here')) },
    room,
    notifyProblem: createNotifyProblem([]),
    seal: (text) => seal(publicKey, text),
    trustWithoutChecksums: false,
    newJobId: () => randomUUID().replaceAll('-', '') as JobId,
    clock,
    log,
    onStored: () => {
      stored += 1;
    },
  });
  const query = createQuery({
    store,
    authenticate,
    statusAccess,
    isLoopbackOnly: false,
    isOperator: () => false,
    show,
  });
  const live = createLive(store, show);
  const hub = createHub(live);
  const tickets = createTickets<Identity>(clock);
  const tokenWatch = createTokenWatch(clock);
  const logs = createLogs({
    bus,
    store,
    results: createResultsFolder('/nowhere'),
    streams: createLogStreams('/nowhere'),
    clock,
  });
  return {
    log,
    clock,
    store,
    bus,
    logs,
    openLog: createOpenOwnLog({ logs, reading: createReading({ store, authenticate, nonces }) }),
    runners,
    leftElsewhere,
    tokens,
    nonces,
    authenticate,
    requireHost: () => undefined,
    isForeign: () => false,
    show,
    queuePass,
    submit,
    query,
    live,
    hub,
    tickets,
    tokenWatch,
    identify: createIdentify({ store, tokens, tickets, authenticate, nonces }),
    ...createTelling({ store, show, queuePass, live, hub, latestProgress: () => undefined, clock }),
    storedJobs: () => stored,
  };
}
