/** A consumer on the broker for each environment that a runner announces: runners themselves may make none. */
import type { Bus } from '@capstan/shared/bus/connect';
import { ensureEnvironmentConsumer } from '@capstan/shared/bus/consumers';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { createWake } from '@capstan/shared/runtime/wake';
import type { Runners } from './runners.ts';

interface EnvironmentConsumersOptions {
  readonly bus: Bus;
  readonly runners: Pick<Runners, 'ids' | 'onAnnounced'>;
  readonly log: Log;
}

export function createEnvironmentConsumers({ bus, runners, log }: EnvironmentConsumersOptions): Service {
  const made = new Set<EnvironmentId>();
  let forget: readonly (() => void)[] = [];

  const make = async () => {
    const missing = runners.ids().filter((id) => !made.has(id));
    if (missing.length === 0 || !bus.isConnected()) return;
    await bus.administer(async (manager) => {
      for (const id of missing) {
        await ensureEnvironmentConsumer(manager, id);
        made.add(id);
      }
    });
  };
  const wake = createWake(make, (error) =>
    // Tried again at the next announcement, a few seconds later.
    log.warn({ problem: messageOf(error) }, 'a runner can not be given commands yet'),
  );

  return {
    name: 'environment consumers',
    start() {
      forget = [
        // Those that were known are made with the streams; a broker that lost its memory has lost the others.
        bus.onConnected(() => {
          made.clear();
          wake.wake();
        }),
        runners.onAnnounced(() => {
          if (runners.ids().some((id) => !made.has(id))) wake.wake();
        }),
      ];
      return Promise.resolve();
    },
    async stop() {
      for (const each of forget) each();
      await wake.idle();
    },
  };
}
