/** Group commit: writes asked for in the same turn share one transaction, and nobody is answered or told before it is on disk. */
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { isDiskFailure, type Db } from './db.ts';
import type { StoredEvent } from './events.ts';

export interface Transaction {
  /** Tells the listeners of committed events, in stored order, once this transaction is on disk. */
  announce(event: StoredEvent): void;
}

export type CommittedListener = (events: readonly StoredEvent[]) => void;

export interface Committer {
  /** Runs `work` in a transaction; resolves after the commit. A `work` that throws is undone alone and rejects alone. */
  write<T>(work: (transaction: Transaction) => T): Promise<T>;
  onCommitted(listener: CommittedListener): () => void;
  /** How many transactions are on the disk: as long as it stays, all that was read is as it was. */
  commits(): number;
  /** While `work` goes on nothing is committed; what is asked for meanwhile waits, off the loop, and shares the commit after it. */
  hold<T>(work: () => Promise<T>): Promise<T>;
}

interface Pending {
  /** Does the work and returns how to tell its caller after the commit. */
  readonly perform: () => { readonly announced: readonly StoredEvent[]; readonly settle: () => void };
  readonly reject: (error: unknown) => void;
}

export function createCommitter(db: Db, log: Pick<Log, 'error'>): Committer {
  const listeners = new Set<CommittedListener>();
  let queue: Pending[] = [];
  let holds = 0;
  let commits = 0;
  // Prepared once: they frame every write there is.
  const begin = db.prepare('begin immediate');
  const commit = db.prepare('commit');
  const savepoint = db.prepare('savepoint work');
  const undo = db.prepare('rollback to work');
  const release = db.prepare('release work');

  /** It is on the disk: a listener that fails is a mistake of ours, and no reason to leave the others and the callers without an answer. */
  const tell = (listener: CommittedListener, announced: readonly StoredEvent[]) => {
    try {
      listener(announced);
    } catch (error) {
      log.error({ err: error }, 'a listener failed in a way that it must not');
    }
  };

  const flush = () => {
    if (holds > 0 || queue.length === 0) return;
    const batch = queue;
    queue = [];
    const settled: (() => void)[] = [];
    const announced: StoredEvent[] = [];
    try {
      begin.run();
      for (const { perform, reject } of batch) {
        savepoint.run();
        try {
          const done = perform();
          settled.push(done.settle);
          announced.push(...done.announced);
        } catch (error) {
          if (isDiskFailure(error)) throw error;
          undo.run();
          settled.push(() => reject(error));
        }
        release.run();
      }
      commit.run();
      commits += 1;
    } catch (error) {
      rollBack(db);
      const unavailable = new CapstanError(
        'STORE_UNAVAILABLE',
        `The node can't store anything at the moment: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
      for (const { reject } of batch) reject(unavailable);
      return;
    }
    if (announced.length > 0) for (const listener of listeners) tell(listener, announced);
    for (const settle of settled) settle();
  };

  // After the requests that have arrived by then: the more that share a commit, the less each waits for the disk.
  const flushSoon = () => void setImmediate(() => setImmediate(flush));

  return {
    write: (work) =>
      new Promise((resolve, reject) => {
        const perform = () => {
          const announced: StoredEvent[] = [];
          const value = work({ announce: (event) => void announced.push(event) });
          return { announced, settle: () => resolve(value) };
        };
        if (queue.push({ perform, reject }) === 1) flushSoon();
      }),
    commits: () => commits,
    onCommitted(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async hold(work) {
      holds += 1;
      try {
        return await work();
      } finally {
        holds -= 1;
        flushSoon();
      }
    },
  };
}

function rollBack(db: Db): void {
  try {
    db.exec('rollback');
  } catch {
    // SQLite has already rolled back by itself, as it does when the disk is full.
  }
}
