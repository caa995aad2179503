/** The nonces table: the last nonce of each address, kept as the decimal text it came as. */
import type { Address, Nonce } from '@capstan/shared/contract/ids';
import type { Db } from './db.ts';

export type Nonces = ReturnType<typeof createNonces>;

export function createNonces(db: Db) {
  const select = db.prepare('select nonce from nonces where address = ?');
  const upsert = db.prepare(`
    insert into nonces (address, nonce) values (?, ?)
    on conflict (address) do update set nonce = excluded.nonce`);

  return {
    last: (address: Address) => select.get(address)?.['nonce'] as Nonce | undefined,
    use(address: Address, nonce: Nonce): void {
      upsert.run(address, nonce);
    },
  };
}
