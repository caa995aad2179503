/** The runner's composition root: from configuration to parts, all started, and stopped in reverse on a signal. */
import { join } from 'node:path';
import { createBus } from '@capstan/shared/bus/connect';
import { systemClock } from '@capstan/shared/clock';
import { configOfProcess, dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import { createLog } from '@capstan/shared/log';
import { runUntilSignal } from '@capstan/shared/shutdown';
import { createRunner } from './runner.ts';

const config = configOfProcess();
const log = createLog('runner', config.logLevel);
const { results, catalogue, scratch } = dataPaths(config);

const runner = createRunner({
  bus: createBus({ nats: config.nats, name: `capstan-${config.runner.id}`, log }),
  settings: config.runner,
  chains: config.chains,
  own: {
    key: await nodeKeyOf(config),
    publicUrl: config.gateway.publicUrl,
    listensAt: `http://${config.gateway.host}:${config.gateway.port}`,
  },
  paths: { data: config.dataDir, results, catalogue, scratch, starts: join(scratch, 'starts') },
  clock: systemClock,
  log,
});

await runUntilSignal(runner, log);
