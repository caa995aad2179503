/** How the gateway's parts are. */
import type { Bus } from '@capstan/shared/bus/connect';
import type { Clock } from '@capstan/shared/clock';
import type { Health } from '@capstan/shared/contract/answers';
import { messageOf } from '@capstan/shared/errors';
import type { Store } from '../store/store.ts';
import type { Runners } from './runners.ts';

type Part = Health['parts']['store'];

interface HealthOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly runners: Runners;
  readonly clock: Clock;
}

export function createHealth({ store, bus, runners, clock }: HealthOptions): () => Promise<Health> {
  /** Takes part in a real commit: a disk that is full or read-only shows here. */
  const storePart = async (): Promise<Part> => {
    try {
      await store.write(() => store.probe(clock.now()));
      return ok;
    } catch (error) {
      return down(messageOf(error));
    }
  };

  return async () => {
    const live = runners.liveRunners();
    const parts = {
      store: await storePart(),
      nats: bus.isConnected() ? ok : down('NATS is not reachable. Jobs are accepted and wait.'),
      runners: live.length > 0 ? ok : down('No runner has announced itself. Jobs are accepted and wait.'),
    };
    const isDegraded = Object.values(parts).some(({ state }) => state === 'down');
    const status = parts.store.state === 'down' ? 'down' : isDegraded ? 'degraded' : 'ok';
    return { status, parts, runners: [...live], deadLetters: store.deadLetters.count() };
  };
}

const ok: Part = { state: 'ok' };
const down = (problem: string): Part => ({ state: 'down', problem });
