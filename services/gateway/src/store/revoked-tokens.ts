/**
 * The tables of tokens that were taken back before they expired. An owner has so many rows at most: beyond them, the tokens that end first
 * are taken back together with all others of that owner which end by then.
 */
import type { Address } from '@capstan/shared/contract/ids';
import type { Db } from './db.ts';

export interface RevokedToken {
  readonly jti: string;
  readonly address: Address;
  /** Unix seconds, after which the token counts for nothing anyway. */
  readonly exp: number;
}

/** More than anybody takes back in a month by hand. */
export const MOST_OF_AN_OWNER = 1_000;

export type RevokedTokens = ReturnType<typeof createRevokedTokens>;

export function createRevokedTokens(db: Db, mostOfAnOwner = MOST_OF_AN_OWNER) {
  const insert = db.prepare('insert or ignore into revoked_tokens (jti, owner, expires_at) values (?, ?, ?)');
  const remove = db.prepare('delete from revoked_tokens where jti = ?');
  const select = db.prepare('select 1 from revoked_tokens where jti = ?');
  const count = db.prepare('select count(*) as n from revoked_tokens where owner = ?');
  const atPlace = db.prepare(
    'select expires_at from revoked_tokens where owner = ? order by expires_at limit 1 offset ?',
  );
  const removeUpTo = db.prepare('delete from revoked_tokens where owner = ? and expires_at <= ?');
  const selectUntil = db.prepare('select expires_at from revoked_until where owner = ?');
  const raiseUntil = db.prepare(`
    insert into revoked_until (owner, expires_at) values (?, ?)
    on conflict (owner) do update set expires_at = max(expires_at, excluded.expires_at)`);
  const pruneRows = db.prepare(
    'delete from revoked_tokens where jti in (select jti from revoked_tokens where expires_at < ? limit ?)',
  );
  const pruneUntil = db.prepare(
    'delete from revoked_until where owner in (select owner from revoked_until where expires_at < ? limit ?)',
  );

  /** Up to when (Unix seconds) all tokens of an owner were taken back together. */
  const until = (owner: Address): number | undefined => selectUntil.get(owner)?.['expires_at'] as number | undefined;

  /** One row in place of the half that ends first. */
  const fold = (owner: Address): number | undefined => {
    const end = atPlace.get(owner, Math.floor(mostOfAnOwner / 2))?.['expires_at'] as number | undefined;
    if (end === undefined) return undefined;
    raiseUntil.run(owner, end);
    removeUpTo.run(owner, end);
    return end;
  };

  return {
    until,
    has: ({ jti, address, exp }: RevokedToken): boolean =>
      select.get(jti) !== undefined || exp <= (until(address) ?? -Infinity),
    /** Returns up to when (Unix seconds) others of the owner were taken back with it, if they were. */
    add({ jti, address, exp }: RevokedToken): number | undefined {
      const upTo = Number(count.get(address)?.['n']) >= mostOfAnOwner ? fold(address) : undefined;
      insert.run(jti, address, exp);
      return upTo;
    },
    remove(jti: string): void {
      remove.run(jti);
    },
    /** Forgets those that would have ended anyway, up to so many; returns how many there were. */
    prune(nowS: number, most: number): number {
      const rows = pruneRows.run(nowS, most).changes;
      return rows < most ? rows + pruneUntil.run(nowS, most - rows).changes : rows;
    },
  };
}
