/** The environments table: what runners announced, so that a job for a runner that is away is still accepted. */
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import type { Db } from './db.ts';

export interface KnownEnvironment {
  readonly environment: Environment;
  /** Unix milliseconds of the announcement that brought or changed it. */
  readonly storedAt: number;
  /** The runner; undefined where an older version stored it. */
  readonly announcedBy: string | undefined;
}

export type Environments = ReturnType<typeof createEnvironments>;

export function createEnvironments(db: Db) {
  const upsert = db.prepare(`
    insert into environments (environment, definition, last_seen) values (?, ?, ?)
    on conflict (environment) do update set definition = excluded.definition, last_seen = excluded.last_seen`);
  const remove = db.prepare('delete from environments where environment = ?');
  const all = db.prepare('select definition, last_seen from environments order by environment');

  return {
    save({ environment, storedAt, announcedBy }: KnownEnvironment): void {
      upsert.run(environment.id satisfies EnvironmentId, JSON.stringify({ ...environment, announcedBy }), storedAt);
    },
    remove(id: EnvironmentId): void {
      remove.run(id);
    },
    all: (): readonly KnownEnvironment[] =>
      all.all().map((row) => {
        const { announcedBy, ...environment } = JSON.parse(row['definition'] as string) as Environment & {
          readonly announcedBy?: string;
        };
        // Written by an older version, it says nothing of orders: they were free.
        return {
          environment: { ...environment, orders: environment.orders ?? 'free' },
          storedAt: row['last_seen'] as number,
          announcedBy,
        };
      }),
  };
}
