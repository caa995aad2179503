/**
 * Health check of a runner, from a process beside it: asks on NATS who is there, and waits for the runner's own answer. So it says
 * yes only where the runner could also hear of a job and tell of it.
 */
import { createBus } from '@capstan/shared/bus/connect';
import { broadcast, listen } from '@capstan/shared/bus/publish';
import { announceSubject, WHO_IS_THERE } from '@capstan/shared/bus/subjects';
import { configOfProcess, dataPaths } from '@capstan/shared/config/process';
import { createLog } from '@capstan/shared/runtime/log';
import { unlessAborted } from '@capstan/shared/runtime/unless-aborted';
import { keptId } from './identity.ts';

const LIMIT_MS = 8_000;

const config = configOfProcess();
const id = config.runner.id ?? (await keptId(dataPaths(config).runner));
if (id === undefined) {
  process.stderr.write(`no runner was started in ${config.dataDir} yet\n`);
  process.exit(1);
}
const signal = AbortSignal.timeout(LIMIT_MS);
const bus = createBus({ nats: config.nats, name: `capstan-${id}`, log: createLog('healthy', 'silent') });
const { promise: answered, resolve } = Promise.withResolvers<void>();

try {
  await bus.start();
  await bus.connected(signal);
  listen(bus, { subject: announceSubject(id), handle: () => resolve(), signal });
  broadcast(bus, WHO_IS_THERE, {});
  await unlessAborted(answered, signal);
  process.stdout.write(`runner ${id} answers\n`);
  process.exitCode = 0;
} catch {
  process.stderr.write(bus.isConnected() ? `runner ${id} does not answer\n` : 'NATS is not reachable\n');
  process.exitCode = 1;
} finally {
  await bus.stop();
}
