/** What the Docker Engine does with the containers of certain runners, heard from the engine itself. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { createMailbox } from '../../scripts/parts/mailbox.ts';
import { engineSocket } from '../../scripts/parts/engine.ts';

export interface ContainerEvent {
  /** `create`, `start`, `die`, `destroy`, … */
  readonly action: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ContainerEvents extends AsyncDisposable {
  all(): readonly ContainerEvent[];
  /** The first such event of the job's containers, seen already or from now on. */
  until(action: string, jobId: string): Promise<ContainerEvent>;
  /** How often a container of the job was started. */
  starts(jobId: string): number;
}

const LIMIT_MS = 30_000;

/** Resolves once the engine listens to us, so that nothing from then on is missed. */
export async function watchContainers(runnerId: string): Promise<ContainerEvents> {
  const filters = encodeURIComponent(JSON.stringify({ type: ['container'], label: [`capstan.runner=${runnerId}`] }));
  const asked = request({ socketPath: engineSocket(), path: `/events?filters=${filters}`, agent: false }).end();
  const [stream] = (await once(asked, 'response')) as [IncomingMessage];
  const events = createMailbox<ContainerEvent>({
    name: 'the Docker Engine',
    keep: 10_000,
    show: ({ action, labels }) => `${action} ${labels['capstan.job'] ?? ''}`,
  });
  createInterface({ input: stream }).on('line', (line) => {
    const { Action, Actor } = JSON.parse(line) as {
      readonly Action: string;
      readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
    };
    events.put({ action: Action, labels: Actor.Attributes });
  });
  // Its end is ours: see below.
  stream.on('error', () => events.end('the stream of events ended'));
  const closed = once(stream, 'close');
  const isOf = (jobId: string) => (event: ContainerEvent) => event.labels['capstan.job'] === jobId;

  return {
    all: events.items,
    until: (action, jobId) =>
      events.first({
        match: (event) => (event.action === action && isOf(jobId)(event) ? event : undefined),
        what: `${action} of a container of ${jobId}`,
        limitMs: LIMIT_MS,
      }),
    starts: (jobId) => events.items().filter((event) => event.action === 'start' && isOf(jobId)(event)).length,
    async [Symbol.asyncDispose]() {
      stream.destroy();
      await closed;
    },
  };
}
