/** `GET /health`: the state of each part. 200 while jobs can be accepted, which is as long as the store works. */
import type { Bus } from '@capstan/shared/bus/connect';
import type { Clock } from '@capstan/shared/clock';
import { messageOf } from '@capstan/shared/errors';
import type { Runners } from '../../jobs/runners.ts';
import type { Store } from '../../store/store.ts';
import type { Route } from '../app.ts';

type Part = { readonly state: 'ok' } | { readonly state: 'down'; readonly problem: string };

interface HealthOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly bus: Bus;
  readonly runners: Runners;
}

export function healthRoute({ store, bus, runners, clock }: HealthOptions): Route {
  return (router) => {
    router.get('/health', async (ctx) => {
      const parts = {
        store: await storePart(store, clock),
        nats: bus.isConnected() ? ok : down('NATS is not reachable. Jobs are accepted and wait.'),
        runners:
          runners.liveRunners().length > 0 ? ok : down('No runner has announced itself. Jobs are accepted and wait.'),
      };
      const isDegraded = Object.values(parts).some(({ state }) => state === 'down');
      ctx.status = parts.store.state === 'ok' ? 200 : 503;
      ctx.set('Cache-Control', 'no-store');
      ctx.body = {
        status: ctx.status === 503 ? 'down' : isDegraded ? 'degraded' : 'ok',
        parts,
        runners: runners.liveRunners(),
        deadLetters: store.deadLetters.count(),
      };
    });
  };
}

const ok: Part = { state: 'ok' };
const down = (problem: string): Part => ({ state: 'down', problem });

/** Takes part in a real commit: a disk that is full or read-only shows here. */
async function storePart(store: Store, clock: Clock): Promise<Part> {
  try {
    await store.write(() => store.probe(clock.now()));
    return ok;
  } catch (error) {
    return down(messageOf(error));
  }
}
