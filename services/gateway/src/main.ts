/** The gateway's composition root: configuration → parts → start all; a signal → stop in reverse. */
import { createBus } from '@capstan/shared/bus/connect';
import { createCautiousClock } from '@capstan/shared/runtime/cautious-clock';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { configOfProcess, dataPaths, isGivenToProcess, nodeKeyOf } from '@capstan/shared/config/process';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import { createLog } from '@capstan/shared/runtime/log';
import { keepPrivate } from '@capstan/shared/runtime/private-folders';
import { secretsIn } from '@capstan/shared/runtime/redact';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';
import { serviceGroup } from '@capstan/shared/runtime/service';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { orExit, orExitAfter, runUntilSignal } from '@capstan/shared/runtime/shutdown';
import { quotasOf } from './quotas/quota-settings.ts';
import { createRoom } from './quotas/room.ts';
import { warnOfFull } from './quotas/warn-of-full.ts';
import { assetsOf } from './assets/create.ts';
import { resealCatalogue } from './assets/reseal-catalogue.ts';
import { createResultAssets } from './assets/result-assets.ts';
import { createChain } from './chain/provider.ts';
import { tokenKeyOf } from './auth/token-key.ts';
import { shownNonce } from './auth/nonce.ts';
import { createCallers } from './auth/callers.ts';
import { createControl } from './control/server.ts';
import { createApp } from './http/app.ts';
import { limitConnections } from './http/connection-limit.ts';
import { createOpenAnswers } from './http/open-answers.ts';
import { fileBudgetsOf } from './limits/file-budgets.ts';
import { createClientIp } from './limits/client-ip.ts';
import { countingAssets, outsideBudgetOf } from './limits/outside-budget.ts';
import { createNewAddresses } from './limits/new-addresses.ts';
import { createRateLimit } from './limits/rate-limit.ts';
import { assetRoutes } from './http/routes/asset-routes.ts';
import { tokenRoutes } from './http/routes/token-routes.ts';
import { deleteComputeRoute } from './http/routes/delete-compute.ts';
import { getComputeRoute } from './http/routes/get-compute.ts';
import { getEnvironmentsRoute } from './http/routes/get-environments.ts';
import { getEventsRoute } from './http/routes/get-events.ts';
import { nonceRoute } from './http/routes/get-nonce.ts';
import { getLogsRoute } from './http/routes/get-logs.ts';
import { getResultRoute } from './http/routes/get-result.ts';
import { healthRoute } from './http/routes/health.ts';
import { initializeRoute } from './http/routes/initialize.ts';
import { initializeComputeRoute } from './http/routes/initialize-compute.ts';
import { ownPages } from './http/routes/page-routes.ts';
import { rootRoute } from './http/routes/root.ts';
import { stopComputeRoute } from './http/routes/stop-compute.ts';
import { startComputeRoute } from './http/routes/start-compute.ts';
import { createHttpServer, createLimitedServer, publicUrlOf } from './http/server.ts';
import { addressOf, identityOf } from './identity.ts';
import { createDispatch } from './controller/dispatch.ts';
import { createEnvironmentList } from './scheduling/environments.ts';
import { createFiles } from './files/files.ts';
import { createOffered } from './files/offered.ts';
import { createExpire } from './maintenance/expire.ts';
import { createHealth } from './maintenance/health.ts';
import { createOrderAgain } from './admission/order-again.ts';
import { createInitialize } from './admission/quote.ts';
import { createIntake } from './events/intake.ts';
import { createLive } from './live/event-source.ts';
import { createLogs } from './logs/log.ts';
import { createOpenOwnLog } from './logs/log-access.ts';
import { createMove } from './admission/move.ts';
import { createRetention } from './maintenance/retention.ts';
import { createNotifier } from './notify/webhooks.ts';
import { newJobId } from './admission/new-job-id.ts';
import { createProgressBoard } from './events/progress.ts';
import { createLeftElsewhere } from './controller/left-elsewhere.ts';
import { createQuery } from './status/query.ts';
import { createQueueChanges } from './scheduling/queue-changes.ts';
import { deliveryOf } from './files/delivery.ts';
import { createResult } from './status/result-access.ts';
import { createRunners } from './scheduling/runners.ts';
import { createSettle } from './controller/after-end.ts';
import { createRemove } from './admission/remove.ts';
import { createStop } from './admission/stop.ts';
import { createStoreLife } from './store/lifecycle.ts';
import { createSubmit } from './admission/submit.ts';
import { createSweep } from './controller/sweep.ts';
import { createEnvironmentConsumers } from './scheduling/environment-consumers.ts';
import { createPlaces } from './limits/connection-limit.ts';
import { createDeletions } from './controller/deletions.ts';
import { createFirstEvent } from './live/first-event.ts';
import { createCleared } from './controller/cleared.ts';
import { createHints } from './live/hints.ts';
import { createHub } from './live/hub.ts';
import { createTelling } from './live/telling.ts';
import { createNotifyProblem } from './notify/allowed.ts';
import { createPost } from './notify/post.ts';
import { createTrade } from './orders/create.ts';
import { createLogStreams } from './logs/log-streams.ts';
import { createResults } from './results/create.ts';
import { createJobView } from './status/view.ts';
import { createStoreThread } from './store/thread.ts';
import { createStoreUpkeep } from './store/upkeep.ts';
import { openStoreThatWas } from './store/was-there.ts';
import { createSocketServer } from './ws/server.ts';

const MAX_BODY_BYTES = 1_000_000;
const config = configOfProcess();
const log = createLog('gateway', config.logLevel, secretsIn(config));
const paths = dataPaths(config);
await keepPrivate({ folders: [], files: [paths.nodeKey, paths.tokenKey] }, log);
const key = await orExitAfter(() => nodeKeyOf(config), log);
const publicKey = publicKeyOf(key);
const tokenKey = await tokenKeyOf(paths.tokenKey);
const identity = identityOf(key, config);

const cautious = createCautiousClock({ path: paths.clock, clock, log });
const store = orExit(() => openStoreThatWas(paths.store, log), log);
const bus = createBus({
  nats: config.nats,
  name: 'capstan-gateway',
  log,
  makes: { environments: () => runners.ids() },
});
const configured = isGivenToProcess('runner.environments') ? config.runner.environments : [];
const runners = createRunners({ bus, store, configured, clock, log });
const room = createRoom(store, quotasOf(config.gateway.quotas, config.results, paths.results));
const upkeep = createUpkeep({ clock });
const storeUpkeep = createStoreUpkeep({ store, thread: createStoreThread(paths.store), upkeep, clock, log });
const dispatch = createDispatch({ bus, store, runners, room, clock, log });
const move = createMove({ store, runners, clock, log, onMoved: dispatch.wake });
const server = createLimitedServer(config.gateway.limits);
const publicUrl = publicUrlOf(server, config.gateway.publicUrl);
const leftElsewhere = createLeftElsewhere({ store, runners });
const { show, queuePass } = createJobView({ store, runners, room, leftElsewhere, publicUrl });
const live = createLive(store, show);
const hub = createHub(live);
const hints = createHints(hub);
const progress = createProgressBoard({ bus, store, onProgress: hints.onProgress, log });
const cleared = createCleared({ bus, store, runners, onRemoved: hints.onRemoved, clock, log });
const { limits, notify } = config.gateway;
const callers = createCallers({
  gateway: config.gateway,
  store,
  tokenKey,
  provider: identity.address,
  admitNew: createNewAddresses(config.gateway.quotas.newAddressesPerHour, clock),
  limitCaller: createRateLimit({ perSecond: limits.perCallerPerSecond, burst: limits.perCallerBurst }, clock),
  clock,
  log,
});
const { nonces, authenticate, identify, reading, requireHost, isForeign, tokenWatch } = callers;
const results = createResults(config.results, paths.results);
const query = createQuery({ ...callers, store, statusAccess: config.gateway.statusAccess, show });
const logs = createLogs({ bus, store, results, streams: createLogStreams(paths.results), clock });
const openLog = createOpenOwnLog({ logs, reading });
const latestProgress = progress.latest;
const telling = createTelling({ store, show, queuePass, live, hub, latestProgress, clock });
const clientIp = createClientIp(config.gateway.trustedProxies, config.gateway.forwardedHeader);
limitConnections(server, config.gateway, log);
const perIp = createRateLimit({ perSecond: limits.perIpPerSecond, burst: limits.perIpBurst }, clock);
const takePlace = createPlaces(config.gateway.live);
const answers = createOpenAnswers({ takePlace });
const chains = new Map(config.chains.map((chain) => [chain.id, createChain(chain, { clock, log })]));
const assets = assetsOf({ config, catalogueDir: paths.catalogue, chains, key, publicUrl, clock });
const sealText = (text: string) => seal(publicKey, text);
const resultAssets = createResultAssets({
  catalogueDir: paths.catalogue,
  isOn: config.results.asAssets,
  chainId: config.gateway.chainId,
  seal: sealText,
});
const { orders, quotes } = createTrade({
  chains,
  receipts: store.receipts,
  key,
  providers: [addressOf(key), ...key.older().map(addressOf)],
  config,
  feeTokens: runners.feeTokens,
  clock,
});
const { trustWithoutChecksums } = config.assets;
const files = createFiles({ bus, assets, seal: sealText, clock, log, ...fileBudgetsOf(limits, clock) });
const delivery = deliveryOf(config.gateway);
const given = { ...callers, files, assets, orders, delivery, seal: sealText };
const offered = createOffered({ ...given, key, decrypters: config.gateway.decrypters, store, clock });
const pricing = { runners, orders, quotes, store, fileChecks: files.checks, delivery, clock };
const initialize = createInitialize({ assets, trustWithoutChecksums, ...pricing });
const submit = createSubmit({
  bus,
  store,
  runners,
  authenticate,
  nonces,
  assets,
  orders,
  room,
  seal: sealText,
  trustWithoutChecksums,
  notifyProblem: createNotifyProblem(notify.allowPrivate),
  newJobId,
  clock,
  log,
  onStored: () => dispatch.wake(),
});
const stop = createStop({ ...callers, bus, store, leftElsewhere, clock, log });
const remove = createRemove({ bus, store, results, resultAssets, authenticate, nonces, leftElsewhere, clock, log });
const deletions = createDeletions({ finish: remove.finish, clock, log });
const askOutside = outsideBudgetOf(config, clock);
const bodyLimitBytes = () => Math.min(MAX_BODY_BYTES, bus.maxPayloadBytes() ?? MAX_BODY_BYTES);
const app = createApp({
  log,
  clock,
  corsOrigins: config.gateway.corsOrigins,
  rateLimits: { clientIp, perIp },
  requireHost,
  routes: [
    rootRoute(identity, delivery.isOn ? [] : ['download']),
    healthRoute(createHealth({ store, storeUpkeep, bus, runners, dispatch, deletions, upkeep, cautious, clock })),
    ...ownPages(identity.version, {
      ...callers,
      provider: identity.address,
      statusAccess: config.gateway.statusAccess,
      orderAgain: createOrderAgain(store),
    }),
    nonceRoute((address) => shownNonce(nonces.highest(address))),
    ...assetRoutes({ ...offered, ...callers, ...identity, askOutside, bodyLimitBytes }),
    getEnvironmentsRoute(
      createEnvironmentList({ runners, store, configured, consumerAddress: identity.address }),
      identity.chainIds,
    ),
    initializeComputeRoute(initialize, countingAssets(perIp, limits.perIpBurst, askOutside), bodyLimitBytes),
    initializeRoute(initialize, askOutside),
    startComputeRoute(async (submission) => show(await submit(submission)), askOutside, bodyLimitBytes),
    getComputeRoute({
      query,
      identify,
      isForeign,
      list: telling.list,
      live,
      firstEvent: createFirstEvent({ live, hub }),
      answers,
    }),
    getEventsRoute({ ...callers, follow: telling.follow, query, answers, limits: config.gateway.live, log }),
    stopComputeRoute(async (...asked) => (await stop(...asked)).map((job) => show(job)), bodyLimitBytes),
    deleteComputeRoute(async (...asked) => (await remove.request(...asked)).map((job) => show(job)), bodyLimitBytes),
    getResultRoute(createResult({ store, results, reading, clock }), identify),
    getLogsRoute({ openLog, identify, tokenWatch, answers, log }),
    ...tokenRoutes(callers, bodyLimitBytes),
  ],
});

warnOfFull(room, log);
await resealCatalogue({ dir: paths.catalogue, key, log });
await runUntilSignal(
  serviceGroup([
    createStoreLife(store, log),
    storeUpkeep.service,
    cautious,
    ...chains.values(),
    bus,
    runners,
    createEnvironmentConsumers({ bus, runners, log }),
    dispatch,
    createSettle({ bus, store, dispatch, deletions, log }),
    hub,
    progress,
    createQueueChanges({ store, runners, queue: queuePass, listeners: hints, log }),
    createExpire({ store, resultAssets, upkeep, clock: cautious, log }),
    createNotifier({ store, post: createPost(notify), key, settings: notify, clock, log }),
    createIntake({ bus, store, results, resultAssets, clock, log }),
    createRetention({ store, settings: config.gateway, upkeep, clock: cautious, log }),
    cleared,
    createSweep({ bus, store, runners, dispatch, deletions, cleared, upkeep, leftElsewhere, clock, log }),
    createControl({ path: paths.control, backup: store.backup, move, log }),
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
      requireHost,
      isForeign,
      logs,
      openLog,
      ...telling,
      query,
      tokenWatch,
      limits: config.gateway.live,
      node: identity.address,
      clock,
      log,
    }),
  ]),
  log,
  storeUpkeep.broken,
);
