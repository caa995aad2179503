/**
 * Which cursors can be resumed from. Cursors are the sequence of the events table. It leaps at each start of the gateway, by chance and
 * by far, and the store remembers the ranges that it gave out: a cursor outside of them comes from another store, or from a life of this
 * one that was lost when a backup was restored.
 */
import type { Db } from './db.ts';

export type Resumable = 'yes' | 'cursor-too-old' | 'cursor-unknown';

export type Cursors = ReturnType<typeof createCursors>;

export function createCursors(db: Db) {
  const last = db.prepare("select seq from sqlite_sequence where name = 'events'");
  const rangeOf = db.prepare('select last from cursor_ranges where base <= ? order by base desc limit 1');
  const endRange = db.prepare('update cursor_ranges set last = ? where last is null');
  const beginRange = db.prepare('insert or replace into cursor_ranges (base, last) values (?, null)');
  const forgetSequence = db.prepare("delete from sqlite_sequence where name = 'events'");
  const setSequence = db.prepare("insert into sqlite_sequence (name, seq) values ('events', ?)");
  const pruned = db.prepare('select cursor from pruned_events');
  const setPruned = db.prepare('update pruned_events set cursor = ?');

  const lastCursor = () => (last.values()?.[0] ?? 0) as number;

  return {
    /** The cursor of the last event there was, whether it is kept or not. */
    last: lastCursor,
    /** Goes on with greater cursors than there ever were, `leap` further on. */
    leap(leap: number): void {
      const before = lastCursor();
      endRange.run(before);
      forgetSequence.run();
      setSequence.run(before + leap);
      beginRange.run(before + leap);
    },
    resumable(cursor: number): Resumable {
      if (cursor < (pruned.values()?.[0] as number)) return 'cursor-too-old';
      const range = rangeOf.values(cursor);
      const end = (range?.[0] ?? lastCursor()) as number;
      return range && cursor <= end ? 'yes' : 'cursor-unknown';
    },
    /** Events up to here are no longer kept. */
    setPruned(cursor: number): void {
      setPruned.run(cursor);
    },
  };
}
