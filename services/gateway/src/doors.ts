/** How clients reach the gateway, put together: the routes of its REST side, and its socket. */
import type { EnvironmentConfig } from '@capstan/shared/config/environment';
import type { Config } from '@capstan/shared/config/schema';
import type { Health } from '@capstan/shared/contract/answers';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import type { Service } from '@capstan/shared/runtime/service';
import { createOrderAgain } from './admission/order-again.ts';
import { createInitialize } from './admission/quote.ts';
import type { KnownAssets } from './assets/create.ts';
import type { Callers } from './auth/callers.ts';
import { shownNonce } from './auth/nonce.ts';
import { deliveryOf } from './files/delivery.ts';
import { createFiles } from './files/files.ts';
import { createOffered } from './files/offered.ts';
import type { Gateway, GatewayParts } from './gateway.ts';
import { createApp } from './http/app.ts';
import { createOpenAnswers } from './http/open-answers.ts';
import { assetHandlers } from './http/routes/asset-routes.ts';
import { deleteCompute } from './http/routes/delete-compute.ts';
import { getCompute } from './http/routes/get-compute.ts';
import { getEnvironments } from './http/routes/get-environments.ts';
import { getEvents } from './http/routes/get-events.ts';
import { getLogs } from './http/routes/get-logs.ts';
import { getNonce } from './http/routes/get-nonce.ts';
import { getResult } from './http/routes/get-result.ts';
import { health as healthOf } from './http/routes/health.ts';
import { initializeCompute } from './http/routes/initialize-compute.ts';
import { initializeOne } from './http/routes/initialize.ts';
import { ownPages } from './http/routes/page-routes.ts';
import { root } from './http/routes/root.ts';
import { startCompute } from './http/routes/start-compute.ts';
import { stopCompute } from './http/routes/stop-compute.ts';
import { tokenHandlers } from './http/routes/token-routes.ts';
import { routesOf, type Handlers } from './http/table.ts';
import { createPreparedAnswers } from './http/prepared-answers.ts';
import { createHttpServer, type createLimitedServer } from './http/server.ts';
import type { NodeIdentity } from './identity.ts';
import { createClientIp } from './limits/client-ip.ts';
import { createConnectionLimit } from './limits/connection-limit.ts';
import { fileBudgetsOf } from './limits/file-budgets.ts';
import { countingAssets, outsideBudgetOf } from './limits/outside-budget.ts';
import { createRateLimit } from './limits/rate-limit.ts';
import { createFirstEvent } from './live/first-event.ts';
import { createOpenOwnLog } from './logs/log-access.ts';
import type { LogStreams } from './logs/log-streams.ts';
import { createLogs } from './logs/log.ts';
import type { Orders } from './orders/orders.ts';
import type { Quotes } from './orders/quotes.ts';
import { createEnvironmentList } from './scheduling/environments.ts';
import { createQuery } from './status/query.ts';
import { createResult } from './status/result-access.ts';
import { createSocketServer } from './ws/server.ts';

const MAX_BODY_BYTES = 1_000_000;

interface DoorsOptions {
  readonly gateway: Gateway;
  readonly parts: Pick<
    GatewayParts,
    'bus' | 'store' | 'results' | 'seal' | 'trustWithoutChecksums' | 'key' | 'publicUrl' | 'clock' | 'log'
  >;
  readonly config: Config;
  readonly configured: readonly EnvironmentConfig[];
  readonly server: ReturnType<typeof createLimitedServer>;
  readonly identity: NodeIdentity;
  readonly callers: Callers;
  readonly assets: KnownAssets;
  readonly orders: Orders;
  readonly quotes: Quotes;
  readonly logStreams: LogStreams;
  readonly health: () => Promise<Health>;
}

export function createDoors(options: DoorsOptions): readonly Service[] {
  const { gateway, parts, config, configured, server, identity, callers, assets, orders, quotes, health } = options;
  const { bus, store, results, seal, trustWithoutChecksums, key, clock, log } = parts;
  const { runners, show, live, hub, whatIsTrue, stop, submit, remove } = gateway;
  const { limits, decrypters, statusAccess, trustedProxies, forwardedHeader, corsOrigins } = config.gateway;
  const { identify, reading, requireHost, isForeign, tokenWatch } = callers;

  const clientIp = createClientIp(trustedProxies, forwardedHeader);
  const perIp = createRateLimit({ perSecond: limits.perIpPerSecond, burst: limits.perIpBurst }, clock);
  const rateLimits = { clientIp, perIp };
  const prepared = createPreparedAnswers({ rateLimits, requireHost, corsOrigins, log, clock });
  const askOutside = outsideBudgetOf(config, clock);
  const takePlace = createConnectionLimit(config.gateway.live);
  const answers = createOpenAnswers({ takePlace });
  const bodyLimitBytes = () => Math.min(MAX_BODY_BYTES, bus.maxPayloadBytes() ?? MAX_BODY_BYTES);

  const query = createQuery({ ...callers, store, statusAccess, whatIsTrue, show });
  const logs = createLogs({ bus, store, results, streams: options.logStreams, clock });
  const openLog = createOpenOwnLog({ logs, reading });
  const files = createFiles({ bus, assets, seal, clock, log, ...fileBudgetsOf(limits, clock) });
  const delivery = deliveryOf(config.gateway);
  const offered = createOffered({ ...callers, files, assets, orders, delivery, seal, key, decrypters, store, clock });
  const pricing = { runners, orders, quotes, store, fileChecks: files.checks, delivery, clock };
  const initialize = createInitialize({ assets, trustWithoutChecksums, ...pricing });

  const handlers: Handlers = {
    root: root(identity, delivery.isOn ? [] : ['download']),
    health: healthOf(health),
    nonce: getNonce((address) => shownNonce(callers.nonces.highest(address))),
    ...assetHandlers({ ...offered, ...identity, askOutside }),
    computeEnvironments: getEnvironments({
      list: createEnvironmentList({ runners, store, configured, consumerAddress: identity.address }),
      chainIds: identity.chainIds,
      whatIsTrue,
      keep: prepared.keep,
    }),
    initializeCompute: initializeCompute(initialize, countingAssets(perIp, limits.perIpBurst, askOutside)),
    initialize: initializeOne(initialize, askOutside),
    computeStart: startCompute(async (submission) => show(await submit(submission)), askOutside),
    computeStatus: getCompute({
      query,
      isForeign,
      keep: prepared.keep,
      list: gateway.list,
      live,
      firstEvent: createFirstEvent({ live, hub }),
      answers,
    }),
    computeEvents: getEvents({ ...callers, follow: gateway.follow, query, answers, limits: config.gateway.live, log }),
    computeStop: stopCompute(async (asked, { proof, network }) =>
      (await stop(asked, proof, network)).map((job) => show(job)),
    ),
    computeDelete: deleteCompute(async (asked, { proof, network }) =>
      (await remove(asked, proof, network)).map((job) => show(job)),
    ),
    computeResult: getResult(createResult({ store, results, reading, clock })),
    computeLogs: getLogs({ openLog, identify, tokenWatch, answers, log }),
    ...tokenHandlers(callers),
  };
  const app = createApp({
    log,
    clock,
    corsOrigins,
    rateLimits,
    requireHost,
    routes: [
      ...routesOf(handlers, { identify, bodyLimitBytes }),
      ...ownPages(identity.version, {
        ...callers,
        provider: identity.address,
        statusAccess,
        orderAgain: createOrderAgain(store),
      }),
    ],
  });
  return [
    createHttpServer({ server, app, prepared, gateway: config.gateway, log }),
    answers,
    createSocketServer({
      server,
      path: EVENTS_PATH,
      corsOrigins,
      clientIp,
      perIp,
      takePlace,
      identify,
      requireHost,
      isForeign,
      logs,
      openLog,
      follow: gateway.follow,
      pages: gateway.pages,
      query,
      tokenWatch,
      limits: config.gateway.live,
      node: identity.address,
      clock,
      log,
    }),
  ];
}
