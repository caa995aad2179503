/** The dead-letter table: messages that can never be applied, kept for a person to look at. */
import type { Db } from './db.ts';

export interface DeadLetter {
  readonly at: number;
  readonly subject: string;
  readonly problem: string;
  readonly message: string;
}

export type DeadLetters = ReturnType<typeof createDeadLetters>;

export function createDeadLetters(db: Db) {
  const insert = db.prepare('insert into dead_letters (at, subject, problem, message) values (?, ?, ?, ?)');
  const removeOld = db.prepare(
    'delete from dead_letters where id in (select id from dead_letters where at < ? limit ?)',
  );
  const count = db.prepare('select count(*) as n from dead_letters');

  return {
    add({ at, subject, problem, message }: DeadLetter): void {
      insert.run(at, subject, problem, message.slice(0, 100_000));
    },
    /** Removes those from before a time, `most` of them; returns how many. */
    prune: (beforeMs: number, most: number) => removeOld.run(beforeMs, most).changes,
    count: () => count.get()?.['n'] as number,
  };
}
