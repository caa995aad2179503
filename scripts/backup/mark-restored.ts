/**
 * Makes a store of yesterday safe to go on with: what was signed since, and is not known to it, must not take effect. What the store
 * that it replaces still knows is carried over; for the rest, nonces leap ahead, and orders are looked up again.
 */
import { parseAddress, parseJobId, type Address, type Nonce } from '@capstan/shared/contract/ids';
import { compareNonces } from '../../services/gateway/src/auth/nonce.ts';
import { openDb, type Db } from '../../services/gateway/src/store/db.ts';
import { storeOn } from '../../services/gateway/src/store/store.ts';
import type { Tombstone } from '../../services/gateway/src/store/tombstones.ts';

export interface Marked {
  /** Jobs of the backup that had been deleted since. */
  readonly deletedJobs: number;
  /** Whether the store that was there could be asked. */
  readonly wasAsked: boolean;
}

/** `replaced`: the store that was there, if there is one. */
export async function markRestored(
  path: string,
  { replaced, nowMs }: { readonly replaced: string | undefined; readonly nowMs: number },
): Promise<Marked> {
  const known = replaced === undefined ? undefined : readReplaced(replaced);
  const db = openDb(path);
  const store = storeOn(db);
  try {
    const nonces = greatest([...noncesIn(db), ...(known?.nonces ?? [])]);
    const gone = (known?.tombstones ?? []).filter(({ jobId }) => store.jobs.find(jobId) !== undefined);
    await store.write(() => {
      for (const [address, nonce] of nonces) store.nonces.use(address, leapt(nonce, nowMs));
      store.nonces.setFloor(leapt('0' as Nonce, nowMs));
      // A chain may have taken back what was final for the copy.
      db.exec('delete from receipts');
      for (const { jobId } of gone) {
        store.events.removeOf(jobId);
        store.jobs.remove(jobId);
      }
      for (const tombstone of known?.tombstones ?? []) store.tombstones.add(tombstone);
    });
    return { deletedJobs: gone.length, wasAsked: known !== undefined };
  } finally {
    store.close();
  }
}

/** The units in which clients count time as their nonces: milliseconds, micro- and nanoseconds. */
const PER_MS = [1n, 1_000n, 1_000_000n];

/**
 * The present, in the unit in which this address counts; whoever counts in smaller steps, such as from one, is beyond all of his own by
 * milliseconds, and asks for his last nonce as he did before.
 */
function leapt(nonce: Nonce, nowMs: number): Nonce {
  const present = PER_MS.map((perMs) => String(BigInt(nowMs) * perMs) as Nonce);
  return present.find((each) => compareNonces(each, nonce) >= 0) ?? nonce;
}

type Known = readonly [Address, Nonce];

function greatest(all: readonly Known[]): ReadonlyMap<Address, Nonce> {
  const greatestOf = new Map<Address, Nonce>();
  for (const [address, nonce] of all) {
    const before = greatestOf.get(address);
    if (before === undefined || compareNonces(nonce, before) > 0) greatestOf.set(address, nonce);
  }
  return greatestOf;
}

const noncesIn = (db: Db): readonly Known[] =>
  db
    .prepare('select address, nonce from nonces')
    .all()
    .flatMap((row): readonly Known[] => {
      const address = parseAddress(String(row['address']));
      return address ? [[address, String(row['nonce']) as Nonce]] : [];
    });

interface Replaced {
  readonly nonces: readonly Known[];
  readonly tombstones: readonly Tombstone[];
}

/** Undefined for a store that can't be read: it is what one restores for. */
function readReplaced(path: string): Replaced | undefined {
  let db: Db | undefined;
  try {
    db = openDb(path);
    return { nonces: noncesIn(db), tombstones: tombstonesIn(db) };
  } catch {
    return undefined;
  } finally {
    db?.close();
  }
}

const tombstonesIn = (db: Db): readonly Tombstone[] =>
  db
    .prepare('select job_id, run, owner, deleted_at from tombstones')
    .all()
    .flatMap((row) => {
      const jobId = parseJobId(String(row['job_id']));
      const owner = parseAddress(String(row['owner']));
      if (!jobId || !owner) return [];
      return [{ jobId, owner, run: Number(row['run']), deletedAt: Number(row['deleted_at']) }];
    });
