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
  const count = db.prepare('select count(*) as n from dead_letters');

  return {
    add({ at, subject, problem, message }: DeadLetter): void {
      insert.run(at, subject, problem, message.slice(0, 100_000));
    },
    count: () => count.get()?.['n'] as number,
  };
}
