/** The gateway's composition root: configuration → parts → start all; a signal → stop in reverse. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createBus } from '@capstan/shared/bus/connect';
import { systemClock as clock } from '@capstan/shared/clock';
import { configOfProcess, dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import type { JobId } from '@capstan/shared/contract/ids';
import { createLog } from '@capstan/shared/log';
import { publicKeyOf, seal } from '@capstan/shared/seal';
import { serviceGroup } from '@capstan/shared/service';
import { runUntilSignal } from '@capstan/shared/shutdown';
import { createCatalogue } from './assets/catalogue.ts';
import { createApp } from './http/app.ts';
import { EVENTS } from './http/routes/endpoints.ts';
import { getComputeRoute } from './http/routes/get-compute.ts';
import { getEnvironmentsRoute } from './http/routes/get-environments.ts';
import { nonceRoute } from './http/routes/get-nonce.ts';
import { getResultRoute } from './http/routes/get-result.ts';
import { healthRoute } from './http/routes/health.ts';
import { rootRoute } from './http/routes/root.ts';
import { startComputeRoute } from './http/routes/start-compute.ts';
import { createHttpServer, urlOf } from './http/server.ts';
import { identityOf } from './identity.ts';
import { createDispatch } from './jobs/dispatch.ts';
import { createEnvironmentList } from './jobs/environments.ts';
import { createHealth } from './jobs/health.ts';
import { createIntake } from './jobs/intake.ts';
import { createLive } from './jobs/live.ts';
import { createQuery } from './jobs/query.ts';
import { createQueueReason } from './jobs/queue-reason.ts';
import { createResult } from './jobs/result.ts';
import { createRunners } from './jobs/runners.ts';
import { createSettle } from './jobs/settle.ts';
import { statusObject, type StatusView } from './jobs/status-object.ts';
import { createSubmit } from './jobs/submit.ts';
import { createSweep } from './jobs/sweep.ts';
import { createResultsFolder } from './results/folder.ts';
import type { JobRow } from './store/jobs.ts';
import { openStore } from './store/store.ts';
import { createHub } from './ws/hub.ts';
import { createSocketServer } from './ws/server.ts';

const MAX_BODY_BYTES = 1_000_000;

const config = configOfProcess();
const log = createLog('gateway', config.logLevel);
const paths = dataPaths(config);
const key = await nodeKeyOf(config);
const publicKey = publicKeyOf(key);
const identity = identityOf(key, config.gateway.chainId);

const store = openStore(paths.store);
const bus = createBus({ nats: config.nats, name: 'capstan-gateway', log });
const runners = createRunners({ bus, store, clock, log });
const dispatch = createDispatch({ bus, store, runners, clock, log });
const server = createServer();

const queue = createQueueReason(store, runners);
const show = (job: JobRow, dates: StatusView['dates'] = 'unix') =>
  statusObject(job, { publicUrl: config.gateway.publicUrl ?? urlOf(server), dates, queue });
const query = createQuery({ store, statusAccess: config.gateway.statusAccess, show });
const live = createLive(store, show);
const submit = createSubmit({
  bus,
  store,
  runners,
  assets: createCatalogue(paths.catalogue),
  seal: (text) => seal(publicKey, text),
  newJobId: () => randomUUID().replaceAll('-', '') as JobId,
  clock,
  log,
  onStored: () => dispatch.wake(),
});
const hub = createHub(live);

const app = createApp({
  log,
  clock,
  routes: [
    rootRoute(identity),
    healthRoute(createHealth({ store, bus, runners, clock })),
    nonceRoute(store.nonces.last),
    getEnvironmentsRoute(
      createEnvironmentList({ runners, store, consumerAddress: identity.address }),
      identity.chainId,
    ),
    startComputeRoute({
      submit: async (submission) => show(await submit(submission)),
      bodyLimitBytes: () => Math.min(MAX_BODY_BYTES, bus.maxPayloadBytes() ?? MAX_BODY_BYTES),
    }),
    getComputeRoute(query),
    getResultRoute(createResult(store, createResultsFolder(paths.results))),
  ],
});

await runUntilSignal(
  serviceGroup([
    { name: 'store', start: () => Promise.resolve(), stop: () => Promise.resolve(store.close()) },
    bus,
    runners,
    dispatch,
    createSettle({ bus, store, dispatch, log }),
    hub,
    createIntake({ bus, store, clock, log }),
    createSweep({ bus, store, runners, dispatch, clock, log }),
    createHttpServer({ server, app, gateway: config.gateway, log }),
    createSocketServer({ server, path: EVENTS, live, hub, query, log }),
  ]),
  log,
);
