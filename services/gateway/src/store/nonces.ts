/** The nonces table: of each address the last nonce that took effect, and one that no accepted signature has gone beyond. Decimal texts. */
import type { Address, Nonce } from '@capstan/shared/contract/ids';
import type { Db } from './db.ts';

/** In the place of an address. */
const FLOOR = 'floor';

export interface KnownNonces {
  /** At least the greatest of any accepted signature, statuses included. */
  readonly bound: Nonce;
  /** The last that took effect. */
  readonly acted: Nonce;
}

export type Nonces = ReturnType<typeof createNonces>;

export function createNonces(db: Db) {
  const select = db.prepare('select nonce, coalesce(acted, nonce) as acted from nonces where address = ?');
  const upsert = db.prepare(`
    insert into nonces (address, nonce) values (?, ?)
    on conflict (address) do update set nonce = excluded.nonce, acted = null`);
  const raise = db.prepare('update nonces set acted = coalesce(acted, nonce), nonce = ? where address = ?');

  const find = (address: Address): KnownNonces | undefined => {
    const row = select.get(address);
    return row && { bound: row['nonce'] as Nonce, acted: row['acted'] as Nonce };
  };

  /** Only a restore sets it, and no gateway runs then. */
  const floor = select.get(FLOOR)?.['nonce'] as Nonce | undefined;

  return {
    find,
    /** When this store was restored from a copy, in Unix milliseconds; undefined if it never was. */
    restoredAt: floor === undefined ? undefined : Number(floor),
    last: (address: Address) => find(address)?.bound ?? floor,
    /** Of every address that is not known from now on: a copy of yesterday does not know who signed what today. */
    setFloor(nonce: Nonce): void {
      upsert.run(FLOOR, nonce);
    },
    /** That a nonce takes effect, greater than all that were seen. */
    use(address: Address, nonce: Nonce): void {
      upsert.run(address, nonce);
    },
    /** That no signature up to here takes effect any more; of an address that has a nonce here already. */
    raise(address: Address, bound: Nonce): void {
      raise.run(bound, address);
    },
  };
}
