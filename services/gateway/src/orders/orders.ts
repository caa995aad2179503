/** Orders as jobs need them: looked up on their chains, verified, and priced. */
import type { Clock } from '@capstan/shared/clock';
import type { Ddo, Service } from '@capstan/shared/contract/ddo';
import type { Address } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import type { Contracts } from '../chain/contracts.ts';
import type { Chain } from '../chain/provider.ts';
import type { Receipts } from '../chain/receipts.ts';
import { NO_TOKEN } from './fees.ts';
import { feesNotPaid, orderRefusal, type RefusalReason } from './refusals.ts';
import { reuseIn, verifyAccess, verifyOrder, type OrderReceipts, type VerifiedOrder } from './verify.ts';

/** One asset of a job, and the order that is said to be of it. */
export interface Ordered {
  /** As the request names it: `dataset`, `additionalDatasets.0`, `algorithm`. */
  readonly resource: string;
  readonly ddo: Ddo;
  readonly service: Service;
  readonly transferTxId: string | undefined;
}

export interface OrderContext {
  readonly environment: Pick<Environment, 'id' | 'priceMin' | 'feeToken'>;
  readonly caller: Address;
}

export interface PaidOrders {
  readonly orders: readonly VerifiedOrder[];
  /** Whole seconds, at least 1, that the fees pay for from now on. */
  readonly paidS: number;
}

export interface Orders {
  /** Every asset's order. Rejects with REFUSED for the first that is none, or with CHAIN_UNAVAILABLE. */
  verify(assets: readonly Ordered[], context: OrderContext): Promise<PaidOrders>;
  /** What an order is worth: all, access without its fee, or nothing. Rejects with CHAIN_UNAVAILABLE, or REFUSED for the asset itself. */
  worth(asset: Ordered, context: OrderContext): Promise<Worth>;
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
  /** This node's address. */
  readonly provider: Address;
  readonly clock: Clock;
}

/** Whether an environment asks for money at all. */
export function hasPrice({ priceMin, feeToken }: Pick<Environment, 'priceMin' | 'feeToken'>): boolean {
  return priceMin > 0 && feeToken !== NO_TOKEN;
}

export function createOrders({ chains, receipts, contracts, publicUrl, provider, clock }: OrdersOptions): Orders {
  const chainOf = ({ ddo, service, resource }: Ordered): Chain => {
    if (isHeldElsewhere(service, publicUrl)) throw orderRefusal(resource, 'held_by_other_provider');
    const chain = chains.get(ddo.chainId);
    if (!chain) throw orderRefusal(resource, 'chain_not_served');
    return chain;
  };

  const find = async (chain: Chain, asset: Ordered): Promise<OrderReceipts | RefusalReason> => {
    const { transferTxId } = asset;
    if (transferTxId === undefined) return 'order_missing';
    const named = await receipts.find(chain, transferTxId);
    if (named.kind === 'absent') return 'order_absent';
    if (named.kind === 'unconfirmed') return 'order_unconfirmed';
    const reuse = reuseIn(named.receipt, asset.service.datatokenAddress);
    if (!reuse) return { named: named.receipt };
    const started = await receipts.find(chain, reuse.orderTxId);
    // What was started in a block can't be less confirmed than what reuses it; absent is what nobody started.
    if (started.kind === 'absent' || started.kind === 'unconfirmed') return 'order_reuse_of_unknown';
    return { named: named.receipt, started: started.receipt };
  };

  /** Both questions in one turn, so that they share a round trip. */
  const lookUp = async (asset: Ordered): Promise<OrderReceipts | RefusalReason> => {
    const chain = chainOf(asset);
    const [found, isToken] = await Promise.all([
      find(chain, asset),
      contracts.isTokenOf(chain, asset.ddo.nftAddress, asset.service.datatokenAddress),
    ]);
    return isToken ? found : 'datatoken_not_of_nft';
  };

  const claimOf = ({ ddo, service }: Ordered, { environment, caller }: OrderContext) => ({
    ddo,
    service,
    caller,
    environment: environment.id,
    provider,
  });
  const nowS = () => Math.floor(clock.now() / 1_000);

  const verifyOne = async (asset: Ordered, context: OrderContext): Promise<VerifiedOrder> => {
    const found = await lookUp(asset);
    if (typeof found === 'string') throw orderRefusal(asset.resource, found);
    const verdict = verifyOrder(found, claimOf(asset, context), nowS());
    if (verdict.kind === 'refused') throw orderRefusal(asset.resource, verdict.code);
    return verdict.order;
  };

  return {
    chainOf,
    serves: (chainId) => chains.has(chainId),
    async verify(assets, context) {
      const orders = await Promise.all(assets.map((asset) => verifyOne(asset, context)));
      if (!carriesFee(orders, context.environment)) throw feesNotPaid();
      const until = Math.min(...orders.map(({ fee }) => fee.validUntil));
      return { orders, paidS: Math.max(1, until - nowS()) };
    },
    async worth(asset, context) {
      if (asset.transferTxId === undefined) {
        chainOf(asset);
        return { kind: 'nothing' };
      }
      const found = await lookUp(asset);
      if (found === 'datatoken_not_of_nft') throw orderRefusal(asset.resource, found);
      if (typeof found === 'string') return { kind: 'nothing' };
      const claim = claimOf(asset, context);
      const whole = verifyOrder(found, claim, nowS());
      if (whole.kind === 'valid') return { kind: 'paid', order: whole.order };
      const access = verifyAccess(found, claim, nowS());
      return access.kind === 'valid' ? { kind: 'access', order: access.order } : { kind: 'nothing' };
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
