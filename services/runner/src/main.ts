/** The runner's composition root: from configuration to parts, all started, and stopped in reverse on a signal. */
import { randomUUID } from 'node:crypto';
import { createBus } from '@capstan/shared/bus/connect';
import { systemClock } from '@capstan/shared/clock';
import { configOfProcess, dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import { createLog } from '@capstan/shared/log';
import { runUntilSignal } from '@capstan/shared/shutdown';
import { createClaim } from './claim.ts';
import { createOutside } from './outside.ts';
import { countBuffersAsHeap } from './garbage-collection.ts';
import { createRunner } from './runner.ts';

countBuffersAsHeap();
const config = configOfProcess();
const log = createLog('runner', config.logLevel);
const { results, logs, catalogue, scratch } = dataPaths(config);
const { runner: settings, gateway, chains, results: keeping } = config;
const own = {
  key: await nodeKeyOf(config),
  publicUrl: gateway.publicUrl,
  listensAt: `http://${gateway.host}:${gateway.port}`,
};
const clock = systemClock;
const paths = { data: config.dataDir, results, logs, catalogue, scratch };

const bus = createBus({ nats: config.nats, name: `capstan-${settings.id}`, log });
const claim = createClaim({ bus, runnerId: settings.id, instance: randomUUID(), clock, log });

const runner = createRunner({
  bus,
  claim,
  settings,
  own,
  outside: createOutside({ settings, chains, keeping, own, paths, clock, log }),
  clock,
  log,
});

await runUntilSignal(runner, log, claim.lost);
