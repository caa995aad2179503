/** The gateway's composition root: configuration → parts; a signal → stop. What the parts become is `gateway.ts` and `doors.ts`. */
import { createBus } from '@capstan/shared/bus/connect';
import { createCautiousClock } from '@capstan/shared/runtime/cautious-clock';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { configOfProcess, dataPaths, isGivenToProcess, nodeKeyOf } from '@capstan/shared/config/process';
import { createLog } from '@capstan/shared/runtime/log';
import { keepPrivate } from '@capstan/shared/runtime/private-folders';
import { secretsIn } from '@capstan/shared/runtime/redact';
import { publicKeyOf, seal as sealTo } from '@capstan/shared/crypto/seal';
import { serviceGroup } from '@capstan/shared/runtime/service';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { orExit, orExitAfter, runUntilSignal } from '@capstan/shared/runtime/shutdown';
import { quotasOf } from './quotas/quota-settings.ts';
import { warnOfFull } from './quotas/warn-of-full.ts';
import { assetsOf } from './assets/create.ts';
import { resealCatalogue } from './assets/reseal-catalogue.ts';
import { createResultAssets } from './assets/result-assets.ts';
import { createChain } from './chain/provider.ts';
import { tokenKeyOf } from './auth/token-key.ts';
import { createCallers } from './auth/callers.ts';
import { createControl } from './control/server.ts';
import { limitConnections } from './http/connection-limit.ts';
import { createNewAddresses } from './limits/new-addresses.ts';
import { createRateLimit } from './limits/rate-limit.ts';
import { createLimitedServer, publicUrlOf } from './http/server.ts';
import { identityOf, providersOf } from './identity.ts';
import { createHealth } from './maintenance/health.ts';
import { newJobId } from './admission/new-job-id.ts';
import { createStoreLife } from './store/store-life.ts';
import { createNotifyProblem } from './notify/allowed.ts';
import { createPost } from './notify/post.ts';
import { createTrade } from './orders/create.ts';
import { createLogStreams } from './logs/log-streams.ts';
import { createResults } from './results/create.ts';
import { createStoreThread } from './store/thread.ts';
import { createStoreUpkeep } from './store/upkeep.ts';
import { openStoreThatWas } from './store/was-there.ts';
import { createGateway, type GatewayParts } from './gateway.ts';
import { createDoors } from './doors.ts';

const config = configOfProcess();
const log = createLog('gateway', config.logLevel, secretsIn(config));
const paths = dataPaths(config);
await keepPrivate({ folders: [], files: [paths.nodeKey, paths.tokenKey] }, log);
const key = await orExitAfter(() => nodeKeyOf(config), log);
const identity = identityOf(key, config);
const { limits, quotas, notify } = config.gateway;

const cautious = createCautiousClock({ path: paths.clock, clock, log });
const store = orExit(() => openStoreThatWas(paths.store, log), log);
const upkeep = createUpkeep({ clock });
const storeUpkeep = createStoreUpkeep({ store, thread: createStoreThread(paths.store), upkeep, clock, log });
const bus = createBus({
  nats: config.nats,
  name: 'capstan-gateway',
  log,
  makes: { environments: () => gateway.runners.ids() },
});
const callers = createCallers({
  gateway: config.gateway,
  store,
  tokenKey: await tokenKeyOf(paths.tokenKey),
  provider: identity.address,
  admitNew: createNewAddresses(quotas.newAddressesPerHour, clock),
  limitCaller: createRateLimit({ perSecond: limits.perCallerPerSecond, burst: limits.perCallerBurst }, clock),
  clock,
  log,
});
const chains = new Map(config.chains.map((chain) => [chain.id, createChain(chain, { clock, log })]));
const server = createLimitedServer(limits);
limitConnections(server, config.gateway, log);
const publicUrl = publicUrlOf(server, config.gateway.publicUrl);
const assets = assetsOf({ config, catalogueDir: paths.catalogue, chains, key, publicUrl, clock });
const { orders, quotes } = createTrade({
  chains,
  receipts: store.receipts,
  key,
  providers: providersOf(key),
  config,
  feeTokens: (chainId) => gateway.runners.feeTokens(chainId),
  clock,
});
const publicKey = publicKeyOf(key);
const seal = (text: string) => sealTo(publicKey, text);
const resultAssets = createResultAssets({
  catalogueDir: paths.catalogue,
  isOn: config.results.asAssets,
  chainId: config.gateway.chainId,
  seal,
});
const configured = isGivenToProcess('runner.environments') ? config.runner.environments : [];

const parts: GatewayParts = {
  bus,
  store,
  results: createResults(config.results, paths.results),
  resultAssets,
  callers,
  assets,
  orders,
  quotas: quotasOf(quotas, config.results, paths.results),
  configured,
  settings: config.gateway,
  trustWithoutChecksums: config.assets.trustWithoutChecksums,
  notifyProblem: createNotifyProblem(notify.allowPrivate, config.runner.egress.deny),
  post: createPost(notify, config.runner.egress.deny),
  publicUrl,
  key,
  seal,
  newJobId,
  upkeep,
  clock,
  cautious,
  log,
};
const gateway = createGateway(parts);
const doors = createDoors({
  gateway,
  parts,
  config,
  configured,
  server,
  identity,
  callers,
  assets,
  orders,
  quotes,
  logStreams: createLogStreams(paths.results),
  health: createHealth({ ...gateway, store, storeUpkeep, bus, upkeep, cautious, clock }),
});

warnOfFull(gateway.room, log);
await resealCatalogue({ dir: paths.catalogue, key, log });
await runUntilSignal(
  serviceGroup([
    createStoreLife(store, log),
    storeUpkeep.service,
    cautious,
    ...chains.values(),
    ...gateway.services,
    createControl({ path: paths.control, backup: store.backup, move: gateway.move, log }),
    ...doors,
  ]),
  log,
  storeUpkeep.broken,
);
