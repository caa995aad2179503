/** `npm run broker-setup`: makes streams, buckets and consumers on NATS, for a gateway that was given no right to. */
import { createBus } from '@capstan/shared/bus/connect';
import { configOfProcess } from '@capstan/shared/config/process';
import { createLog } from '@capstan/shared/runtime/log';
import { readCommandLine } from './parts/command-line.ts';

const LIMIT_MS = 30_000;
const USAGE = `usage: npm run broker-setup

Makes what a node needs on the NATS of capstan.yaml: its streams and buckets, and a consumer for the gateway and for each environment of
runner.environments. Signs in as nats.adminUser, or as nats.user where that may make streams. What is there and as it should be stays;
what was changed is set right. A gateway that has nats.adminUser does the same by itself at each start.`;

const { values } = readCommandLine(USAGE, { options: { help: { type: 'boolean', short: 'h' } } });
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const config = configOfProcess();
const environments = config.runner.environments.map(({ id }) => id);
const bus = createBus({
  nats: config.nats,
  name: 'capstan-broker-setup',
  log: createLog('broker-setup', config.logLevel),
  makes: { environments: () => environments },
});
await bus.start();
try {
  await bus.connected(AbortSignal.timeout(LIMIT_MS));
  console.log(`streams, buckets and consumers are in place (environments: ${environments.join(', ')})`);
} catch {
  console.error('NATS did not take it within 30 s: is it running, and may this user make streams?');
  process.exitCode = 1;
} finally {
  await bus.stop();
}
