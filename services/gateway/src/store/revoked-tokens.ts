/** The table of tokens that were taken back before they expired. */
import type { Db } from './db.ts';

export type RevokedTokens = ReturnType<typeof createRevokedTokens>;

export function createRevokedTokens(db: Db) {
  const insert = db.prepare('insert or ignore into revoked_tokens (jti, expires_at) values (?, ?)');
  const remove = db.prepare('delete from revoked_tokens where jti = ?');
  const select = db.prepare('select 1 from revoked_tokens where jti = ?');
  const removeExpired = db.prepare('delete from revoked_tokens where expires_at < ?');

  return {
    has: (jti: string) => select.get(jti) !== undefined,
    /** `expiresAtS`: Unix seconds, after which the token counts for nothing anyway. */
    add(jti: string, expiresAtS: number): void {
      insert.run(jti, expiresAtS);
    },
    remove(jti: string): void {
      remove.run(jti);
    },
    removeExpired(nowS: number): void {
      removeExpired.run(nowS);
    },
  };
}
