/** The receipts that the orders of one request are read from: each looked up once, however many assets name it. */
import { setImmediate } from 'node:timers/promises';
import type { Contracts } from '../chain/contracts.ts';
import { fitAnOrder } from '../chain/order-logs.ts';
import { createSemaphore } from '../chain/semaphore.ts';
import type { Chain } from '../chain/provider.ts';
import { bytesOf } from '../chain/recent-receipts.ts';
import type { Lookup, Receipts } from '../chain/receipts.ts';
import type { Receipt } from '../chain/receipt.ts';
import type { Ordered } from './ordered.ts';
import type { Reading } from './reading.ts';
import type { RefusalReason } from './refusals.ts';
import type { OrderReceipts } from './claim.ts';
import { reuseIn } from './verify.ts';

interface LookUpOptions {
  readonly chainOf: (asset: Ordered) => Chain;
  readonly receipts: Receipts;
  readonly contracts: Contracts;
  readonly reading: Reading;
}

export interface LookedUp extends OrderReceipts {
  /** Those of them that are final. */
  readonly settled: readonly Receipt[];
}

/** One request may name as many transactions as it has assets, each as large as they get: so many bytes are read for it, some at once. */
const MAX_BYTES = 4_000_000;
const AT_ONCE = 8;

/** For one request. Rejects with REFUSED for the asset itself, or with CHAIN_UNAVAILABLE. */
export type LookUp = (asset: Ordered) => Promise<LookedUp | RefusalReason>;

export function createLookUp({ chainOf, receipts, contracts, reading }: LookUpOptions): LookUp {
  const known = new Map<string, Promise<Lookup>>();
  const semaphore = createSemaphore(AT_ONCE);
  let bytes = 0;

  const findInTurn = async (chain: Chain, txId: string): Promise<Lookup> => {
    using permit = semaphore.none();
    await permit.take();
    if (bytes > MAX_BYTES) return { kind: 'too long' };
    const lookup = await receipts.find(chain, txId);
    bytes += 'receipt' in lookup ? bytesOf(lookup.receipt) : 0;
    return lookup;
  };
  const lookUp = (chain: Chain, txId: string): Promise<Lookup> => {
    const key = `${chain.id} ${txId.toLowerCase()}`;
    const lookup = known.get(key) ?? findInTurn(chain, txId);
    known.set(key, lookup);
    return lookup;
  };

  const find = async (chain: Chain, { transferTxId, service }: Ordered): Promise<LookedUp | RefusalReason> => {
    if (transferTxId === undefined) return 'order_missing';
    const named = await lookUp(chain, transferTxId);
    if (named.kind === 'absent') return 'order_absent';
    if (named.kind === 'unconfirmed') return 'order_unconfirmed';
    if (named.kind === 'too long') return 'order_too_long';
    if (isTooLong(named.receipt)) return 'order_too_long';
    // What is read for one asset keeps nobody waiting for all of them.
    await setImmediate();
    const reuse = reuseIn(named.receipt, service.datatokenAddress, reading);
    if (!reuse) return { named: named.receipt, settled: settledOf(named) };
    const started = await lookUp(chain, reuse.orderTxId);
    // What was started in a block can't be less confirmed than what reuses it; absent is what nobody started.
    if (started.kind === 'absent' || started.kind === 'unconfirmed') return 'order_reuse_of_unknown';
    if (started.kind === 'too long') return 'order_too_long';
    if (isTooLong(started.receipt)) return 'order_too_long';
    return { named: named.receipt, started: started.receipt, settled: settledOf(named, started) };
  };

  /** Both questions in one turn, so that they share a round trip. */
  return async (asset) => {
    const chain = chainOf(asset);
    const [found, isToken] = await Promise.all([
      find(chain, asset),
      contracts.isTokenOf(chain, asset.ddo.nftAddress, asset.service.datatokenAddress),
    ]);
    return isToken ? found : 'datatoken_not_of_nft';
  };
}

const settledOf = (...lookups: readonly Lookup[]): readonly Receipt[] =>
  lookups.flatMap((lookup) => (lookup.kind === 'settled' ? [lookup.receipt] : []));

/** Also of what an earlier version kept. */
const isTooLong = ({ logs }: Pick<Receipt, 'logs'>) => !fitAnOrder(logs);
