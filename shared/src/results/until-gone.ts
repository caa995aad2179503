/** Deleting is done when the thing is gone: what a store only says it deleted is asked for again, ever later, and then told. */
import { setTimeout as delay } from 'node:timers/promises';
import { unavailable } from './objects.ts';

interface Deletion<T> {
  /** Some of what is there, at least one if anything is. */
  list(): Promise<readonly T[]>;
  /** What tells one from the others. */
  idOf(found: T): string;
  remove(found: T): Promise<void>;
  readonly againMs: number;
  readonly signal: AbortSignal;
}

const AT_ONCE = 8;
/** How often the same may be found after it was deleted. */
const MAX_STUCK = 5;
/** A store that always lists others is not listing ours. */
const MAX_ROUNDS = 200;

export async function untilGone<T>({ list, idOf, remove, againMs, signal }: Deletion<T>): Promise<void> {
  const deleted = new Set<string>();
  let stuck = 0;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = await list();
    if (found.length === 0) return;
    if (found.some((each) => deleted.has(idOf(each)))) {
      if (stuck === MAX_STUCK) throw unavailable('what it says it deleted is still there');
      await delay(againMs * 2 ** stuck, undefined, { signal });
      stuck += 1;
    }
    for (let from = 0; from < found.length; from += AT_ONCE) {
      await Promise.all(found.slice(from, from + AT_ONCE).map(remove));
    }
    for (const each of found) deleted.add(idOf(each));
  }
  throw unavailable('it lists ever more to delete');
}
