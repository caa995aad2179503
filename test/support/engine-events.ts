/** What the Docker Engine does with the containers and volumes of jobs, heard from the engine itself. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { createMailbox } from '../../scripts/parts/mailbox.ts';
import { engineSocket } from '../../scripts/parts/engine.ts';

export interface EngineEvent {
  readonly kind: 'container' | 'volume';
  /** `create`, `start`, `die`, `destroy`, … */
  readonly action: string;
  /** Names follow from the job: `capstan-<jobId>-…`. */
  readonly name: string;
  /** When it happened, by the engine: milliseconds since 1970, with fractions. */
  readonly atMs: number;
}

export interface EngineEvents extends AsyncDisposable {
  /** The first such event of the job, seen already or from now on. */
  until(action: string, jobId: string): Promise<EngineEvent>;
  /** Waits until the engine has nothing of the job any more. */
  untilGone(jobId: string): Promise<void>;
  /** How often a container of the job was started. */
  starts(jobId: string): number;
}

const LIMIT_MS = 60_000;

/** Resolves once the engine listens to us, so that nothing from then on is missed. */
export async function watchEngine(): Promise<EngineEvents> {
  const filters = encodeURIComponent(JSON.stringify({ type: ['container', 'volume'] }));
  const asked = request({ socketPath: engineSocket(), path: `/events?filters=${filters}`, agent: false }).end();
  const [stream] = (await once(asked, 'response')) as [IncomingMessage];
  const events = createMailbox<EngineEvent>({
    name: 'the Docker Engine',
    keep: 10_000,
    show: ({ action, name }) => `${action} ${name}`,
  });
  createInterface({ input: stream }).on('line', (line) => {
    const event = parseEvent(line);
    if (event.name.startsWith('capstan-')) events.put(event);
  });
  stream.on('error', () => events.end('the stream of events ended'));
  const closed = once(stream, 'close');

  const isOf = (jobId: string) => (event: EngineEvent) => event.name.startsWith(`capstan-${jobId}-`);
  const alive = (jobId: string) => {
    const names = new Set<string>();
    for (const { action, name } of events.items().filter(isOf(jobId))) {
      if (action === 'create') names.add(name);
      if (action === 'destroy') names.delete(name);
    }
    return names;
  };

  return {
    until: (action, jobId) =>
      events.first({
        match: (event) => (event.action === action && isOf(jobId)(event) ? event : undefined),
        what: `${action} of something of ${jobId}`,
        limitMs: LIMIT_MS,
      }),
    async untilGone(jobId) {
      await events.first({
        match: (event) => (isOf(jobId)(event) && alive(jobId).size === 0 ? event : undefined),
        what: `end of all that there is of ${jobId}`,
        limitMs: LIMIT_MS,
      });
    },
    starts: (jobId) => events.items().filter((event) => event.action === 'start' && isOf(jobId)(event)).length,
    async [Symbol.asyncDispose]() {
      stream.destroy();
      await closed;
    },
  };
}

function parseEvent(line: string): EngineEvent {
  const { Type, Action, Actor, timeNano } = JSON.parse(line) as {
    readonly Type: 'container' | 'volume';
    readonly Action: string;
    readonly timeNano: number;
    readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  };
  // A volume has its name for an id; a container has both.
  return { kind: Type, action: Action, name: Actor.Attributes['name'] ?? Actor.ID, atMs: timeNano / 1e6 };
}
