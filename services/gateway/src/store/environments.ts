/** The environments table: what runners announced, so that a job for a runner that is away is still accepted. */
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import type { Db } from './db.ts';

export interface KnownEnvironment {
  readonly environment: Environment;
  /** Unix milliseconds of the announcement that brought or changed it. */
  readonly storedAt: number;
}

export type Environments = ReturnType<typeof createEnvironments>;

export function createEnvironments(db: Db) {
  const upsert = db.prepare(`
    insert into environments (environment, definition, last_seen) values (?, ?, ?)
    on conflict (environment) do update set definition = excluded.definition, last_seen = excluded.last_seen`);
  const all = db.prepare('select definition, last_seen from environments order by environment');

  return {
    save(environment: Environment, at: number): void {
      upsert.run(environment.id satisfies EnvironmentId, JSON.stringify(environment), at);
    },
    all: (): readonly KnownEnvironment[] =>
      all.all().map((row) => ({
        // Written by an older version, it says nothing of orders: they were free.
        environment: { orders: 'free', ...(JSON.parse(row['definition'] as string) as object) } as Environment,
        storedAt: row['last_seen'] as number,
      })),
  };
}
