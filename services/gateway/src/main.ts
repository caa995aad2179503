/** The gateway's composition root: configuration → parts → start all; a signal → stop in reverse. */
import { randomBytes, randomUUID } from 'node:crypto';
import { createBus } from '@capstan/shared/bus/connect';
import { systemClock as clock } from '@capstan/shared/clock';
import { configOfProcess, dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import type { Address, JobId } from '@capstan/shared/contract/ids';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import { createLog } from '@capstan/shared/log';
import { publicKeyOf, seal } from '@capstan/shared/seal';
import { loadOrCreateSecret } from '@capstan/shared/secret-file';
import { serviceGroup } from '@capstan/shared/service';
import { orExit, runUntilSignal } from '@capstan/shared/shutdown';
import { createAssets } from './assets/assets.ts';
import { createCatalogue } from './assets/catalogue.ts';
import { createResultAssets } from './assets/result-assets.ts';
import { createMetadataStore } from './assets/metadata-store.ts';
import { createContracts } from './chain/contracts.ts';
import { createChain } from './chain/provider.ts';
import { createReceipts } from './chain/receipts.ts';
import { createAuthenticate } from './auth/authenticate.ts';
import { createOperators } from './auth/operators.ts';
import { createTickets } from './auth/tickets.ts';
import { createTokenWatch } from './auth/token-watch.ts';
import { createTokens } from './auth/token.ts';
import { createControl } from './control/server.ts';
import { createApp } from './http/app.ts';
import { createOpenAnswers } from './http/open-answers.ts';
import { createClientIp } from './limits/client-ip.ts';
import { createRateLimit } from './limits/rate-limit.ts';
import { createTicketRoute } from './http/routes/create-ticket.ts';
import { createTokenRoute } from './http/routes/create-token.ts';
import { deleteComputeRoute } from './http/routes/delete-compute.ts';
import { deleteTokenRoute } from './http/routes/delete-token.ts';
import { docsRoutes } from './http/routes/docs.ts';
import { encryptRoute } from './http/routes/encrypt.ts';
import { getComputeRoute } from './http/routes/get-compute.ts';
import { getEnvironmentsRoute } from './http/routes/get-environments.ts';
import { getEventsRoute } from './http/routes/get-events.ts';
import { nonceRoute } from './http/routes/get-nonce.ts';
import { getLogsRoute } from './http/routes/get-logs.ts';
import { getResultRoute } from './http/routes/get-result.ts';
import { healthRoute } from './http/routes/health.ts';
import { initializeRoute } from './http/routes/initialize.ts';
import { initializeComputeRoute } from './http/routes/initialize-compute.ts';
import { pageRoutes } from './http/routes/page.ts';
import { pageSessionRoute } from './http/routes/page-session.ts';
import { rootRoute } from './http/routes/root.ts';
import { stopComputeRoute } from './http/routes/stop-compute.ts';
import { validateContainerRoute } from './http/routes/validate-container.ts';
import { startComputeRoute } from './http/routes/start-compute.ts';
import { createHttpServer, createLimitedServer, publicUrlOf } from './http/server.ts';
import { identityOf } from './identity.ts';
import { createDispatch } from './jobs/dispatch.ts';
import { createEnvironmentList } from './jobs/environments.ts';
import { createExpire } from './jobs/expire.ts';
import { createHealth } from './jobs/health.ts';
import { createIdentify, type Identity } from './jobs/identify.ts';
import { createInitialize } from './jobs/initialize.ts';
import { createIntake } from './jobs/intake.ts';
import { createLive } from './jobs/live.ts';
import { createLogs } from './jobs/log.ts';
import { createOpenOwnLog } from './jobs/log-access.ts';
import { createRetention } from './jobs/retention.ts';
import { createNotifier } from './jobs/notifier.ts';
import { createProgressBoard } from './jobs/progress.ts';
import { createQuery } from './jobs/query.ts';
import { createQueueChanges } from './jobs/queue-changes.ts';
import { createQueueReason } from './jobs/queue-reason.ts';
import { createResult } from './jobs/result.ts';
import { createRunners } from './jobs/runners.ts';
import { createSettle } from './jobs/settle.ts';
import { statusObject, type StatusView } from './jobs/status-object.ts';
import { createRemove } from './jobs/remove.ts';
import { createStop } from './jobs/stop.ts';
import { createStoreLife } from './jobs/store-life.ts';
import { createSubmit } from './jobs/submit.ts';
import { createSweep } from './jobs/sweep.ts';
import { createTokenRequests } from './jobs/token-requests.ts';
import { createPlaces } from './limits/places.ts';
import { createFirstEvent } from './live/first-event.ts';
import { createFollow } from './live/follow.ts';
import { createHints } from './live/hints.ts';
import { createHub } from './live/hub.ts';
import { createTurns } from './live/turns.ts';
import { createPost } from './notify/post.ts';
import { createOrders } from './orders/orders.ts';
import { createQuotes } from './orders/quotes.ts';
import { createLogStreams } from './results/log-streams.ts';
import { createResults } from './results/create.ts';
import type { StatusRow } from './store/statuses.ts';
import { openStore } from './store/store.ts';
import { createSocketServer } from './ws/server.ts';

const MAX_BODY_BYTES = 1_000_000;

const config = configOfProcess();
const log = createLog('gateway', config.logLevel);
const paths = dataPaths(config);
const key = await nodeKeyOf(config);
const publicKey = publicKeyOf(key);
const tokenKey = Buffer.from(
  (await loadOrCreateSecret(paths.tokenKey, () => randomBytes(32).toString('hex'))).trim(),
  'hex',
);
const identity = identityOf(key, config.gateway.chainId);

const store = orExit(() => openStore(paths.store), log);
const bus = createBus({ nats: config.nats, name: 'capstan-gateway', log });
const runners = createRunners({ bus, store, clock, log });
const dispatch = createDispatch({ bus, store, runners, clock, log });
const server = createLimitedServer(config.gateway.limits);

const publicUrl = publicUrlOf(server, config.gateway.publicUrl);
const queue = createQueueReason(store, runners);
const show = (job: StatusRow, dates: StatusView['dates'] = 'unix') =>
  statusObject(job, { publicUrl: publicUrl(), dates, queue });
const live = createLive(store, show);
const hub = createHub(live);
const hints = createHints(hub);
const progress = createProgressBoard({ bus, store, onProgress: hints.onProgress, log });

const { limits, notify } = config.gateway;
const tokens = createTokens({ key: tokenKey, revoked: store.revokedTokens, clock });
const authenticate = createAuthenticate(
  tokens,
  createRateLimit({ perSecond: limits.perCallerPerSecond, burst: limits.perCallerBurst }, clock),
);
const tokenWatch = createTokenWatch(clock);
const tokenRequests = createTokenRequests({ store, tokens, watch: tokenWatch, authenticate, clock, log });
const results = createResults(config.results, paths.results);
const isOperator = createOperators(config.gateway.operators);
const query = createQuery({ store, authenticate, statusAccess: config.gateway.statusAccess, isOperator, show });

const logs = createLogs({ bus, store, results, streams: createLogStreams(paths.results), clock });
const openLog = createOpenOwnLog({ store, logs, authenticate });

const tickets = createTickets<Identity>(clock);
const identify = createIdentify({ store, tokens, tickets, authenticate });
// Histories and snapshots leave others at least as much time as they take.
const takeTurn = createTurns({ budgetMs: 5, nowMs: () => clock.monotonicMs() });
const follow = createFollow({ live, hub, query, latestProgress: progress.latest, takeTurn });
const clientIp = createClientIp(config.gateway.trustedProxies);
const perIp = createRateLimit({ perSecond: limits.perIpPerSecond, burst: limits.perIpBurst }, clock);
const { maxFollowers, maxFollowersPerNetwork } = config.gateway.live;
const takePlace = createPlaces({ total: maxFollowers, perNetwork: maxFollowersPerNetwork });
const answers = createOpenAnswers({ clientIp, takePlace });

const { metadataStoreUrl, metadataStoreTimeoutS, metadataFreshS } = config.gateway;
const assets = createAssets(
  createCatalogue(paths.catalogue),
  metadataStoreUrl === undefined
    ? undefined
    : createMetadataStore({
        url: metadataStoreUrl,
        timeoutMs: metadataStoreTimeoutS * 1_000,
        freshMs: metadataFreshS * 1_000,
        clock,
      }),
);
const sealText = (text: string) => seal(publicKey, text);
const resultAssets = createResultAssets({
  catalogueDir: paths.catalogue,
  isOn: config.results.asAssets,
  chainId: config.gateway.chainId,
  seal: sealText,
});
const chains = new Map(config.chains.map((chain) => [chain.id, createChain(chain, { clock, log })]));
const contracts = createContracts();
const receipts = createReceipts({
  find: store.receipts.find,
  keep: (receipt) => store.write(() => store.receipts.add(receipt)),
});
const ownAddress = identity.address.toLowerCase() as Address;
const orders = createOrders({
  chains,
  receipts,
  contracts,
  publicUrl: config.gateway.publicUrl,
  provider: ownAddress,
  clock,
});
const quotes = createQuotes({ key, address: identity.address, contracts, clock });
const initialize = createInitialize({ assets, seal: sealText, runners, orders, quotes, store, clock });
const submit = createSubmit({
  bus,
  store,
  runners,
  authenticate,
  assets,
  orders,
  seal: sealText,
  newJobId: () => randomUUID().replaceAll('-', '') as JobId,
  clock,
  log,
  onStored: () => dispatch.wake(),
});
const stop = createStop({
  bus,
  store,
  authenticate,
  acceptsNonceless: config.gateway.compat.noncelessStop,
  isOperator,
  clock,
  log,
});
const remove = createRemove({ bus, store, results, resultAssets, authenticate, clock, log });

const bodyLimitBytes = () => Math.min(MAX_BODY_BYTES, bus.maxPayloadBytes() ?? MAX_BODY_BYTES);
const app = createApp({
  log,
  clock,
  corsOrigins: config.gateway.corsOrigins,
  rateLimits: { clientIp, perIp },
  routes: [
    rootRoute(identity),
    healthRoute(createHealth({ store, bus, runners, clock })),
    docsRoutes(identity.version),
    pageSessionRoute({ tokens, isOperator, statusAccess: config.gateway.statusAccess }),
    pageRoutes(),
    nonceRoute(store.nonces.last),
    encryptRoute({ seal: (bytes) => seal(publicKey, bytes), ownChainId: identity.chainId, bodyLimitBytes }),
    getEnvironmentsRoute(
      createEnvironmentList({ runners, store, consumerAddress: identity.address }),
      identity.chainId,
    ),
    initializeComputeRoute(initialize, bodyLimitBytes),
    initializeRoute(initialize),
    startComputeRoute(async (submission) => show(await submit(submission)), bodyLimitBytes),
    getComputeRoute({ query, live, firstEvent: createFirstEvent({ live, hub }), answers }),
    getEventsRoute({
      follow,
      query,
      identify,
      tokenWatch,
      answers,
      maxBufferedBytes: config.gateway.live.maxBufferedKB * 1_000,
      log,
    }),
    createTicketRoute({ identify, tickets, bodyLimitBytes }),
    stopComputeRoute(async (request) => (await stop(request)).map((job) => show(job)), bodyLimitBytes),
    deleteComputeRoute(async (request) => (await remove.request(request)).map((job) => show(job)), bodyLimitBytes),
    getResultRoute(createResult({ store, results, authenticate, clock })),
    getLogsRoute({ openLog, answers, log }),
    validateContainerRoute(bodyLimitBytes),
    createTokenRoute((request) => tokenRequests.create(request)),
    deleteTokenRoute((request) => tokenRequests.revoke(request), bodyLimitBytes),
  ],
});

await runUntilSignal(
  serviceGroup([
    createStoreLife(store, log),
    ...chains.values(),
    bus,
    runners,
    dispatch,
    createSettle({ bus, store, dispatch, remove, log }),
    hub,
    progress,
    createQueueChanges({ store, runners, queue, listeners: hints, log }),
    createExpire({ store, resultAssets, clock, log }),
    createNotifier({ store, post: createPost(notify), key, settings: notify, clock, log }),
    createIntake({ bus, store, resultAssets, clock, log }),
    createRetention({ store, settings: config.gateway, clock, log }),
    createSweep({ bus, store, runners, dispatch, remove, clock, log }),
    createControl({ path: paths.control, backup: store.backup, log }),
    createHttpServer({ server, app, gateway: config.gateway, log }),
    answers,
    createSocketServer({
      server,
      path: EVENTS_PATH,
      corsOrigins: config.gateway.corsOrigins,
      clientIp,
      perIp,
      takePlace,
      identify,
      logs,
      openLog,
      follow,
      query,
      tokenWatch,
      limits: config.gateway.live,
      node: identity.address,
      clock,
      log,
    }),
  ]),
  log,
);
