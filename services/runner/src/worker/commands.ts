/** The commands of an environment, as they come: one at a time, whenever the runner asks for the next. */
import type { Bus } from '@capstan/shared/bus/connect';
import { pull, type Message } from '@capstan/shared/bus/consume';
import { ensureEnvironmentConsumer } from '@capstan/shared/bus/consumers';
import { environmentConsumer, STREAMS } from '@capstan/shared/bus/subjects';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';

/** Looks for its consumer, after which a runner tries to make it: gateways of older versions don't. */
const PATIENT_LOOKS = 10;

interface Asking {
  readonly bus: Bus;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export function commandsFor(environment: EnvironmentId, { bus, log, signal }: Asking): AsyncGenerator<Message> {
  /** What a runner may do where NATS knows no users. Elsewhere it is told no, and waits on. */
  const makeConsumer = async (looks: number) => {
    if (looks % PATIENT_LOOKS !== 0) return;
    await bus
      .administer((manager) => ensureEnvironmentConsumer(manager, environment))
      .catch((error: unknown) => {
        log.warn(
          { environment, problem: messageOf(error) },
          'no command can come: the gateway made no consumer for it',
        );
      });
  };
  return pull(bus, {
    stream: STREAMS.jobs.name,
    consumer: environmentConsumer(environment),
    batchSize: 1,
    onMissing: makeConsumer,
    log,
    signal,
  });
}
