/** Orders as jobs need them: looked up on their chains, verified, and priced. */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Service } from '@capstan/shared/contract/ddo';
import type { Address } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import type { Contracts } from '../chain/contracts.ts';
import type { Chain } from '../chain/provider.ts';
import { bytesOf } from '../chain/recent-receipts.ts';
import type { Receipts } from '../chain/receipts.ts';
import type { Receipt } from '../chain/receipt.ts';
import { NO_TOKEN } from './fees.ts';
import { feesNotPaid, orderRefusal, type RefusalReason } from './refusals.ts';
import { createLookUp, type LookedUp } from './look-up.ts';
import { createReading, type Reading } from './reading.ts';
import type { OrderReceipts, VerifiedOrder } from './claim.ts';
import { verifyAccess, verifyOrder } from './verify.ts';
import type { Ordered } from './ordered.ts';

export interface OrderContext {
  readonly environment: Pick<Environment, 'id' | 'priceMin' | 'feeToken'>;
  readonly caller: Address;
}

/** The same of what is not computed on, too. */
interface Claiming extends Pick<OrderContext, 'caller'> {
  readonly environment: Pick<Environment, 'id'> | undefined;
}

export interface PaidOrders {
  readonly orders: readonly VerifiedOrder[];
  /** What they were read from and is final, as far as it may be kept: each once. */
  readonly receipts: readonly Receipt[];
  /** Whole seconds, at least 1, that the fees pay for from now on. */
  readonly paidS: number;
}

export interface Orders {
  /** Every asset's order. Rejects with REFUSED for the first that is none, or with CHAIN_UNAVAILABLE. */
  verify(assets: readonly Ordered[], context: OrderContext): Promise<PaidOrders>;
  /** The order of a service that is downloaded. Rejects with REFUSED or CHAIN_UNAVAILABLE. */
  verifyAccess(asset: Ordered, caller: Address): Promise<void>;
  /** What each order is worth: all, access without its fee, or nothing. Rejects with CHAIN_UNAVAILABLE, or REFUSED for an asset itself. */
  worths(assets: readonly Ordered[], context: OrderContext): Promise<readonly Worth[]>;
  chainOf(asset: Ordered): Chain;
  serves(chainId: number): boolean;
}

export type Worth =
  | { readonly kind: 'paid'; readonly order: VerifiedOrder }
  | { readonly kind: 'access'; readonly order: Omit<VerifiedOrder, 'fee'> }
  | { readonly kind: 'nothing' };

interface OrdersOptions {
  readonly chains: ReadonlyMap<number, Chain>;
  readonly receipts: Receipts;
  readonly contracts: Contracts;
  /** How clients reach this node, if it was said. */
  readonly publicUrl: string | undefined;
  /** This node's address, and those that it had with earlier keys. */
  readonly providers: readonly Address[];
  readonly clock: Clock;
  readonly reading?: Reading;
}

/** On the disk, of one transaction. A larger one is asked for again each time that it is named. */
const MAX_KEPT_BYTES = 256_000;

/** Whether an environment asks for money at all. */
export function hasPrice({ priceMin, feeToken }: Pick<Environment, 'priceMin' | 'feeToken'>): boolean {
  return priceMin > 0 && feeToken !== NO_TOKEN;
}

export function createOrders(options: OrdersOptions): Orders {
  const { chains, receipts, contracts, publicUrl, providers, clock, reading = createReading() } = options;

  const chainOf = ({ ddo, service, resource }: Ordered): Chain => {
    if (isHeldElsewhere(service, publicUrl)) throw orderRefusal(resource, 'held_by_other_provider');
    const chain = chains.get(ddo.chainId);
    if (!chain) throw orderRefusal(resource, 'chain_not_served');
    return chain;
  };

  /** All are looked up at once, and judged one after the other, each in a turn of the loop of its own. */
  const judgeEach = async <T>(
    assets: readonly Ordered[],
    judge: (asset: Ordered, found: LookedUp | RefusalReason) => T,
  ): Promise<readonly T[]> => {
    const receiptsOf = createLookUp({ chainOf, receipts, contracts, reading });
    const found = await Promise.all(assets.map(async (asset) => ({ asset, receipts: await receiptsOf(asset) })));
    const judged: T[] = [];
    for (const each of found) {
      await setImmediate();
      judged.push(judge(each.asset, each.receipts));
    }
    return judged;
  };

  const claimOf = ({ ddo, service }: Ordered, { environment, caller }: Claiming) => ({
    ddo,
    service,
    caller,
    environment: environment?.id,
    providers,
  });
  const nowS = () => Math.floor(clock.now() / 1_000);
  const judging = () => ({ reading, nowS: nowS() });

  const verifyEach = (assets: readonly Ordered[], context: Claiming) =>
    judgeEach(assets, (asset, found) => {
      if (typeof found === 'string') throw orderRefusal(asset.resource, found);
      const verdict = verifyOrder(found, claimOf(asset, context), judging());
      if (verdict.kind === 'refused') throw orderRefusal(asset.resource, verdict.code);
      return { order: verdict.order, settled: found.settled };
    });

  const worthOf = (asset: Ordered, found: OrderReceipts | RefusalReason, context: OrderContext): Worth => {
    if (found === 'datatoken_not_of_nft') throw orderRefusal(asset.resource, found);
    if (typeof found === 'string') return { kind: 'nothing' };
    const claim = claimOf(asset, context);
    const whole = verifyOrder(found, claim, judging());
    if (whole.kind === 'valid') return { kind: 'paid', order: whole.order };
    const access = verifyAccess(found, claim, judging());
    return access.kind === 'valid' ? { kind: 'access', order: access.order } : { kind: 'nothing' };
  };

  return {
    chainOf,
    serves: (chainId) => chains.has(chainId),
    async verify(assets, context) {
      const verified = await verifyEach(assets, context);
      const orders = verified.map(({ order }) => order);
      if (!carriesFee(orders, context.environment)) throw feesNotPaid();
      const until = Math.min(...orders.map(({ fee }) => fee.validUntil));
      const settled = new Set(verified.flatMap((each) => each.settled));
      const kept = [...settled].filter((receipt) => bytesOf(receipt) <= MAX_KEPT_BYTES);
      return { orders, receipts: kept, paidS: Math.max(1, until - nowS()) };
    },
    async verifyAccess(asset, caller) {
      await verifyEach([asset], { environment: undefined, caller });
    },
    async worths(assets, context) {
      // Each of them must be one that this node may judge, named with an order or not.
      assets.forEach(chainOf);
      const named = assets.filter(({ transferTxId }) => transferTxId !== undefined);
      const judged = await judgeEach(named, (asset, found) => ({ asset, worth: worthOf(asset, found, context) }));
      const worths = new Map(judged.map(({ asset, worth }) => [asset, worth]));
      return assets.map((asset) => worths.get(asset) ?? { kind: 'nothing' });
    },
  };
}

/** An order with this node's fee is worth nothing there: better to say so before anybody pays. */
function isHeldElsewhere({ serviceEndpoint }: Service, publicUrl: string | undefined): boolean {
  if (!serviceEndpoint || publicUrl === undefined) return false;
  return URL.parse(serviceEndpoint)?.origin !== URL.parse(publicUrl)?.origin;
}

/** Whether the price of an environment was paid with one of a job's orders. How much it is, the node's own signature says. */
export function carriesFee(
  orders: readonly Pick<VerifiedOrder, 'fee'>[],
  environment: Pick<Environment, 'priceMin' | 'feeToken'>,
): boolean {
  if (!hasPrice(environment)) return true;
  return orders.some(({ fee }) => fee.amount > 0n && fee.token === environment.feeToken.toLowerCase());
}
