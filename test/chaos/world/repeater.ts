/** Hears the commands and events on NATS, and sends them once more, late and in any order, as a broker that redelivers does. */
import { createBus } from '@capstan/shared/bus/connect';
import { listen, publish } from '@capstan/shared/bus/publish';
import { eventSubject, startSubject } from '@capstan/shared/bus/subjects';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { createLog } from '@capstan/shared/runtime/log';
import type { Chance } from '../chance.ts';

export interface Repeater extends AsyncDisposable {
  /** Some of the latest. Nothing while NATS is away. */
  repeat(chance: Chance): Promise<void>;
  /** NATS has lost all it had: it can't deliver that again either. */
  forget(): void;
}

interface Heard {
  readonly subject: string;
  readonly message: unknown;
}

const KEPT = 60;
const REPEATED = 30;

export async function startRepeater(
  nats: { readonly url: string; readonly user: string; readonly password: string },
  environment: EnvironmentId,
): Promise<Repeater> {
  const { url, user, password } = nats;
  const bus = createBus({ nats: { servers: [url], user, password }, name: 'chaos', log: createLog('chaos', 'silent') });
  const over = new AbortController();
  const heard: Heard[] = [];
  let repeated = 0;
  const keep = (subject: string, message: unknown) => {
    heard.push({ subject, message });
    if (heard.length > KEPT) heard.shift();
  };
  const { signal } = over;
  const commands = startSubject(environment);
  listen(bus, { subject: commands, handle: (message) => keep(commands, message), signal });
  listen(bus, {
    subject: 'jobs.event.*',
    handle: (message) => keep(eventSubject((message as { readonly jobId: JobId }).jobId), message),
    signal,
  });
  await bus.start();
  await bus.connected(AbortSignal.timeout(10_000));
  return {
    async repeat(chance) {
      for (const { subject, message } of chance.shuffled(heard).slice(0, REPEATED)) {
        // Under an id of its own: the server would drop what it knows.
        if (bus.isConnected()) await publish(bus, { subject, message, messageId: `again-${(repeated += 1)}` });
      }
    },
    forget: () => void heard.splice(0),
    async [Symbol.asyncDispose]() {
      over.abort();
      await bus.stop();
    },
  };
}
