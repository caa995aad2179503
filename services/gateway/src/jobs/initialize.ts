/** What the orders of a job cost before it is one: `initializeCompute`, and `initialize` for a single service. */
import type {
  InitializeComputeAnswer,
  InitializeComputeRequest,
  InitializeQuery,
  OrderQuote,
} from '@capstan/shared/contract/api';
import type { Clock } from '@capstan/shared/clock';
import { parseAddress } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import { CapstanError } from '@capstan/shared/errors';
import type { Assets } from '../assets/assets.ts';
import { findAsset, resolveInputs } from '../assets/resolve.ts';
import { NO_TOKEN } from '../orders/fees.ts';
import { carriesFee, type OrderContext, type Ordered, type Orders, type Worth } from '../orders/orders.ts';
import type { Quotes } from '../orders/quotes.ts';
import type { Store } from '../store/store.ts';
import { agreementIdOf } from './agreement-id.ts';
import { orderedBy } from './ordered.ts';
import type { Runners } from './runners.ts';
import { requireEnvironment } from './spec.ts';

interface InitializeOptions {
  readonly assets: Assets;
  readonly seal: (text: string) => string;
  readonly runners: Runners;
  readonly orders: Orders;
  readonly quotes: Quotes;
  readonly store: Store;
  readonly clock: Clock;
}

export interface Initialize {
  compute(request: InitializeComputeRequest): Promise<InitializeComputeAnswer>;
  one(query: InitializeQuery): Promise<OrderQuote>;
}

type Terms = Pick<Environment, 'id' | 'priceMin' | 'feeToken' | 'orders'>;

interface Asked {
  readonly environment: Terms;
  readonly validUntil: number;
  readonly context: OrderContext;
}

/** Both reject with REFUSED, VALIDATION, or CHAIN_UNAVAILABLE. */
export function createInitialize(options: InitializeOptions): Initialize {
  const { assets, runners, orders, quotes, store, clock } = options;

  /** An order that another job runs under is as good as none. */
  const worthOf = async (asset: Ordered, { context, environment, validUntil }: Asked): Promise<Worth> => {
    const { transferTxId } = asset;
    if (environment.orders === 'free') {
      const order = {
        chainId: asset.ddo.chainId,
        orderTx: transferTxId ?? '',
        transferTx: transferTxId ?? '',
        datatoken: '',
      };
      const fee = { token: NO_TOKEN, amount: 0n, validUntil };
      return transferTxId === undefined ? { kind: 'nothing' } : { kind: 'paid', order: { ...order, fee } };
    }
    const worth = await orders.worth(asset, context);
    if (worth.kind === 'nothing' || store.jobOrders.isInUse(worth.order)) return { kind: 'nothing' };
    return worth.kind === 'paid' && worth.order.fee.validUntil < validUntil
      ? { kind: 'access', order: worth.order }
      : worth;
  };

  const quoteAll = async (ordered: readonly Ordered[], asked: Asked): Promise<readonly OrderQuote[]> => {
    const { environment, validUntil } = asked;
    const isFree = environment.orders === 'free';
    const worths = await Promise.all(ordered.map((asset) => worthOf(asset, asked)));
    const paid = worths.flatMap((worth) => (worth.kind === 'paid' ? [worth.order] : []));
    const isPaid = isFree || carriesFee(paid, environment);
    // One fee for the job: with the first order that is yet to be made; with the first of all, if all are there and none carries it.
    const payer = isPaid
      ? -1
      : Math.max(
          0,
          worths.findIndex(({ kind }) => kind !== 'paid'),
        );
    return Promise.all(
      ordered.map(async (asset, index) => {
        const worth = worths[index] ?? { kind: 'nothing' };
        if (worth.kind === 'paid' && index !== payer) return { validOrder: worth.order.transferTx };
        const datatoken = asset.service.datatokenAddress;
        const chain = index === payer ? orders.chainOf(asset) : undefined;
        const providerFee = await quotes.fee({
          environment,
          datatoken,
          serviceId: asset.service.id,
          validUntil,
          chain,
        });
        return { datatoken, providerFee, ...(worth.kind === 'nothing' ? {} : { validOrder: worth.order.orderTx }) };
      }),
    );
  };

  const askedFor = (environment: Terms, validUntil: number, consumerAddress: string): Asked => {
    const caller = parseAddress(consumerAddress);
    if (!caller) throw invalid('consumerAddress', 'The consumerAddress field must be an address.');
    return { environment, validUntil, context: { environment, caller } };
  };
  const requireFuture = (field: string, validUntil: number) => {
    if (validUntil > clock.now() / 1_000) return;
    throw invalid(field, `The ${field} field must be a time to come, in Unix seconds.`);
  };

  return {
    async compute({ datasets: [dataset, ...additionalDatasets], algorithm, compute, consumerAddress }) {
      const validUntil = Number(compute.validUntil);
      requireFuture('compute.validUntil', validUntil);
      const environment = requireEnvironment(compute.env, runners);
      if (!dataset) throw invalid('datasets', 'The datasets field needs at least one.');
      const named = { consumerAddress, dataset, additionalDatasets, algorithm };
      const inputs = await resolveInputs(named, options);
      const ordered = orderedBy(named, { ...inputs, datasets: [...inputs.datasets] });
      const quoted = await quoteAll(ordered, askedFor(environment, validUntil, consumerAddress));
      const ofAlgorithm = quoted[inputs.datasets.length];
      return {
        datasets: quoted.slice(0, inputs.datasets.length),
        ...(ofAlgorithm === undefined ? {} : { algorithm: ofAlgorithm }),
      };
    },
    async one({ documentId, serviceId, consumerAddress, environment: id, validUntil: until, transferTxId }) {
      const { ddo, service } = await findAsset({ documentId, serviceId }, '', { assets, consumerAddress });
      if (service.type === 'compute' && (id === undefined || until === undefined)) throw needsEnvironment();
      const environment =
        id === undefined ? withoutEnvironment(orders.serves(ddo.chainId)) : requireEnvironment(id, runners);
      const validUntil = until === undefined ? 0 : Number(until);
      if (until !== undefined) requireFuture('validUntil', validUntil);
      const asset = { resource: 'dataset', ddo, service, transferTxId: transferTxId && agreementIdOf(transferTxId) };
      const [quote = {}] = await quoteAll([asset], askedFor(environment, validUntil, consumerAddress));
      return quote;
    },
  };
}

/** Nothing is computed then, and this node asks nothing for it. */
function withoutEnvironment(isOnChain: boolean): Terms {
  return { id: '' as Environment['id'], priceMin: 0, feeToken: NO_TOKEN, orders: isOnChain ? 'chain' : 'free' };
}

function needsEnvironment(): CapstanError {
  const text =
    'A compute service is ordered for an environment and up to a time: name environment and validUntil, or ask initializeCompute.';
  return new CapstanError('REFUSED', text, {
    refusal: 'Use the initializeCompute endpoint to initialize compute jobs.',
  });
}

function invalid(field: string, text: string): CapstanError {
  return new CapstanError('VALIDATION', 'Validation error', { fields: { [field]: [text] } });
}
