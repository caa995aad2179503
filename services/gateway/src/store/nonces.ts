/** The nonces table: the last nonce of each address, kept as the decimal text it came as. */
import type { Address, JobId, Nonce } from '@capstan/shared/contract/ids';
import type { Db } from './db.ts';

export interface NonceUse {
  readonly nonce: Nonce;
  /** SHA-256 of the body it signed, and the job that came of it; null for requests that create none. */
  readonly bodyHash: string | null;
  readonly jobId: JobId | null;
}

export type Nonces = ReturnType<typeof createNonces>;

export function createNonces(db: Db) {
  const select = db.prepare('select nonce, body_hash, job_id from nonces where address = ?');
  const upsert = db.prepare(`
    insert into nonces (address, nonce, body_hash, job_id) values (?, ?, ?, ?)
    on conflict (address) do update set nonce = excluded.nonce, body_hash = excluded.body_hash, job_id = excluded.job_id`);

  return {
    last(address: Address): NonceUse | undefined {
      const row = select.get(address);
      return (
        row && {
          nonce: row['nonce'] as Nonce,
          bodyHash: row['body_hash'] as string | null,
          jobId: row['job_id'] as JobId | null,
        }
      );
    },
    use(address: Address, { nonce, bodyHash, jobId }: NonceUse): void {
      upsert.run(address, nonce, bodyHash, jobId);
    },
  };
}
