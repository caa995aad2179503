/** The gateway's own parts on a store in memory, without NATS and without a runner: for unit tests of what it decides by itself. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '@capstan/shared/runtime/clock';
import type { Bus } from '@capstan/shared/bus/connect';
import type { Config } from '@capstan/shared/config/schema';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import { createLog } from '@capstan/shared/runtime/log';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';
import { describeAsset } from '../../../scripts/catalogue/ddo.ts';
import type { Quotas } from '../../../services/gateway/src/quotas/quotas.ts';
import { createAssets } from '../../../services/gateway/src/assets/assets.ts';
import { createLogs } from '../../../services/gateway/src/logs/log.ts';
import { createOpenOwnLog } from '../../../services/gateway/src/logs/log-access.ts';
import { createQuery } from '../../../services/gateway/src/status/query.ts';
import { createNotifyProblem } from '../../../services/gateway/src/notify/allowed.ts';
import { createLogStreams } from '../../../services/gateway/src/logs/log-streams.ts';
import { createResultsFolder } from '../../../services/gateway/src/results/folder.ts';
import type { Orders } from '../../../services/gateway/src/orders/orders.ts';
import { openStore } from '../../../services/gateway/src/store/store.ts';
import { absentBus } from './absent-bus.ts';
import { loadConfig } from '@capstan/shared/config/load';
import { STATUS } from '@capstan/shared/contract/status';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { createGateway } from '../../../services/gateway/src/gateway.ts';
import { createCallers } from '../../../services/gateway/src/auth/callers.ts';

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

const key = nodeKeyFrom('22'.repeat(32));
const publicKey = publicKeyOf(key);
export const SETTINGS = loadConfig({}, '/nowhere').gateway;
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
  /** What its bus does otherwise than one that has no NATS. */
  readonly bus?: Partial<Bus>;
  readonly quotas?: Partial<Quotas>;
  /** Where they are wanted on a chain. */
  readonly orders?: Pick<Orders, 'verify'>;
}

export function gatewayParts({
  assets = [],
  statusAccess = 'open',
  maxPayloadBytes,
  bus: otherwise = {},
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
  const bus = { ...absentBus(maxPayloadBytes), ...otherwise };
  let stored = 0;
  store.onCommitted((events) => (stored += events.filter(({ event }) => event.code === STATUS.warmingUp.code).length));
  const callers = createCallers({
    gateway: { ...SETTINGS, compat: { ...SETTINGS.compat, legacyTokens: true } },
    store,
    tokenKey: Buffer.alloc(32, 7),
    provider: PROVIDER,
    limitCaller: () => undefined,
    admitNew: () => undefined,
    clock,
    log,
  });
  const results = createResultsFolder('/nowhere');
  const gateway = createGateway({
    bus,
    store,
    results,
    resultAssets: { add: () => Promise.resolve(undefined), remove: () => Promise.resolve() },
    callers,
    assets: createAssets({ find: (did) => Promise.resolve(assets.find(({ id }) => id === did)) }),
    orders: orders ?? { verify: () => Promise.reject(new Error('orders are free here')) },
    quotas: { ...QUOTAS, ...quotas },
    settings: SETTINGS,
    trustWithoutChecksums: false,
    notifyProblem: createNotifyProblem([]),
    post: { send: () => Promise.reject(new Error('nobody is to be notified')), close: () => Promise.resolve() },
    publicUrl: () => 'http://node.example',
    key,
    seal: (text) => seal(publicKey, text),
    newJobId: () => randomUUID().replaceAll('-', '') as JobId,
    upkeep: createUpkeep({ clock }),
    clock,
    log,
  });
  const logs = createLogs({ bus, store, results, streams: createLogStreams('/nowhere'), clock });
  return {
    ...gateway,
    ...callers,
    log,
    clock,
    store,
    bus,
    logs,
    openLog: createOpenOwnLog({ logs, reading: callers.reading }),
    requireHost: () => undefined,
    isForeign: () => false,
    query: createQuery({
      store,
      authenticate: callers.authenticate,
      statusAccess,
      isLoopbackOnly: false,
      isOperator: () => false,
      whatIsTrue: gateway.whatIsTrue,
      show: gateway.show,
    }),
    storedJobs: () => stored,
  };
}
