/** The runner's composition root: from configuration to parts, all started, and stopped in reverse on a signal. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createBus } from '@capstan/shared/bus/connect';
import { createCautiousClock } from '@capstan/shared/runtime/cautious-clock';
import { systemClock } from '@capstan/shared/runtime/clock';
import { configOfProcess, dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import { createLog } from '@capstan/shared/runtime/log';
import { keepPrivate } from '@capstan/shared/runtime/private-folders';
import { secretsIn } from '@capstan/shared/runtime/redact';
import { serviceGroup } from '@capstan/shared/runtime/service';
import { orExitAfter, runUntilSignal } from '@capstan/shared/runtime/shutdown';
import { createAtWork } from './host/at-work.ts';
import { createClaim } from './worker/runner-claim.ts';
import { createPorts } from './ports.ts';
import { countBuffersAsHeap } from './host/memory-pressure.ts';
import { keepHeld, loadOrCreateIdentity } from './host/identity.ts';
import { createRunner } from './runner.ts';

countBuffersAsHeap();
const config = configOfProcess();
const log = createLog('runner', config.logLevel, secretsIn(config));
const { results, logs, catalogue, scratch, nodeKey, runner: identityFile, atWork } = dataPaths(config);
await keepPrivate({ folders: [logs, scratch], files: [nodeKey] }, log);
const { runner: settings, gateway, chains, results: keeping } = config;
const own = {
  key: await orExitAfter(() => nodeKeyOf(config), log),
  publicUrl: gateway.publicUrl,
  listensAt: `http://${gateway.host}:${gateway.port}`,
  allowUnboundFiles: config.assets.allowUnboundFiles,
};
const home = { path: identityFile, configuredId: settings.id, traces: [scratch, logs] };
const identity = await orExitAfter(() => loadOrCreateIdentity(home), log);
const clock = systemClock;
const paths = { data: config.dataDir, results, logs, catalogue, scratch };

const bus = createBus({ nats: config.nats, name: `capstan-${identity.id}`, log });
const claim = createClaim({
  bus,
  runnerId: identity.id,
  instance: randomUUID(),
  key: own.key,
  keepHeld: (isHeld) => keepHeld(identityFile, isHeld),
  clock,
  log,
});

const cautious = createCautiousClock({ path: join(config.dataDir, 'runner-clock.json'), clock, log });
const runner = createRunner({
  bus,
  claim,
  identity,
  settings,
  own,
  ports: createPorts({ settings, chains, keeping, own, paths, clock, log }),
  clock,
  cautious,
  log,
});

await runUntilSignal(serviceGroup([createAtWork(atWork, log), cautious, runner]), log, claim.lost);
