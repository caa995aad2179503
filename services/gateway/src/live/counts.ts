/**
 * How many jobs of a subscription wait, run and have ended: told at its beginning, and at most once a second when something has happened. A
 * client that is behind is told when it is not: the last of them holds, so none may be lost.
 */
import type { Snapshots } from '../status/snapshot.ts';
import type { Outlet } from './outlet.ts';

const AT_MOST_EVERY_MS = 1_000;

export interface Counts {
  tell(): void;
  changed(): void;
  stop(): void;
}

interface CountsOptions {
  readonly subscription: string;
  readonly outlet: Pick<Outlet, 'send' | 'isBehind'>;
  readonly count: () => ReturnType<Snapshots['count']>;
}

export function createCounts({ subscription, outlet, count }: CountsOptions): Counts {
  let timer: NodeJS.Timeout | undefined;
  let told = '';

  const tell = () => {
    timer = undefined;
    if (outlet.isBehind()) return changed();
    const tally = count();
    const text = JSON.stringify(tally);
    if (!tally || text === told) return;
    told = text;
    outlet.send({ type: 'counts', subscription, ...tally });
  };
  function changed(): void {
    timer ??= setTimeout(tell, AT_MOST_EVERY_MS).unref();
  }

  return { tell, changed, stop: () => clearTimeout(timer) };
}
