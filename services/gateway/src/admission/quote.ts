/** What the orders of a job cost before it is one: `initializeCompute`, and `initialize` for a single service. */
import type { InitializeComputeRequest, InitializeQuery } from '@capstan/shared/contract/api';
import type { InitializeComputeAnswer, OrderQuote } from '@capstan/shared/contract/quotes';
import type { Clock } from '@capstan/shared/runtime/clock';
import { parseAddress } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import { CapstanError } from '@capstan/shared/contract/errors';
import { codedRefusal } from '../assets/refusal-codes.ts';
import type { Algorithm, AssetInput } from '@capstan/shared/contract/job';
import type { Assets } from '../assets/assets.ts';
import type { FileChecks } from '../files/file-checks.ts';
import { findAsset } from '../assets/find.ts';
import { resolveInputs } from '../assets/resolve.ts';
import { NO_TOKEN } from '../orders/fees.ts';
import { carriesFee, hasPrice, type OrderContext, type Orders, type Worth } from '../orders/orders.ts';
import type { Ordered } from '../orders/ordered.ts';
import type { Quotes } from '../orders/quotes.ts';
import type { Store } from '../store/store.ts';
import { agreementIdOf } from '../orders/agreement-id.ts';
import { requireServed } from '../scheduling/chains-served.ts';
import { requireDeliverable, type Delivery } from '../files/delivery.ts';
import { orderedBy } from './ordered.ts';
import type { Runners } from '../scheduling/runners.ts';
import { requireEnvironment } from './spec.ts';

interface InitializeOptions {
  readonly assets: Assets;
  readonly trustWithoutChecksums: boolean;
  readonly runners: Runners;
  readonly orders: Orders;
  readonly quotes: Quotes;
  readonly store: Store;
  readonly fileChecks: FileChecks;
  readonly delivery: Delivery;
  readonly clock: Clock;
}

export interface Initialize {
  /** `network`: whose share of downloads it counts among. */
  compute(request: InitializeComputeRequest, network: string): Promise<InitializeComputeAnswer>;
  one(query: InitializeQuery): Promise<OrderQuote>;
}

type Terms = Pick<Environment, 'id' | 'priceMin' | 'feeToken' | 'orders' | 'allowedChainId'>;

interface Asked {
  readonly environment: Terms;
  readonly validUntil: number;
  readonly context: OrderContext;
}

/** Nothing of a quote is kept or handed on. Sealing takes the processor's time, and anybody may ask for a quote. */
const unsealed = () => '';

/** Both reject with REFUSED, VALIDATION, or CHAIN_UNAVAILABLE. */
export function createInitialize(options: InitializeOptions): Initialize {
  const { assets, trustWithoutChecksums, runners, orders, quotes, store, fileChecks, delivery, clock } = options;

  const worthsOf = async (ordered: readonly Ordered[], asked: Asked): Promise<readonly Worth[]> => {
    if (asked.environment.orders === 'free') return ordered.map((asset) => worthWhereFree(asset, asked));
    const worths = await orders.worths(ordered, asked.context);
    return worths.map((worth) => worthNow(worth, asked));
  };

  /** An order that another job runs under is as good as none. */
  const worthNow = (worth: Worth, { validUntil }: Asked): Worth => {
    if (worth.kind === 'nothing' || store.jobOrders.isInUse(worth.order)) return { kind: 'nothing' };
    return worth.kind === 'paid' && worth.order.fee.validUntil < validUntil
      ? { kind: 'access', order: worth.order }
      : worth;
  };

  const quoteAll = async (ordered: readonly Ordered[], asked: Asked): Promise<readonly OrderQuote[]> => {
    const { environment, validUntil } = asked;
    const isFree = environment.orders === 'free';
    const worths = await worthsOf(ordered, asked);
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
        const datatoken = asset.service.datatokenAddress;
        // Where there is nothing to pay, nautilus reads of what token, all the same.
        if (worth.kind === 'paid' && index !== payer)
          return { ...(isFree || !hasPrice(environment) ? { datatoken } : {}), validOrder: worth.order.transferTx };
        const chain = index === payer ? orders.chainOf(asset) : undefined;
        const providerFee = await quotes.fee({
          environment,
          datatoken,
          serviceId: asset.service.id,
          validUntil,
          chainId: asset.ddo.chainId,
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
    async compute({ datasets: [dataset, ...additionalDatasets], algorithm, compute, consumerAddress }, network) {
      const validUntil = Number(compute.validUntil);
      requireFuture('compute.validUntil', validUntil);
      const environment = requireEnvironment(compute.env, runners);
      if (!dataset) throw invalid('datasets', 'The datasets field needs at least one.');
      const named = { consumerAddress, dataset, additionalDatasets, algorithm };
      const inputs = await resolveInputs(named, { assets, trustWithoutChecksums, seal: unsealed });
      const ordered = orderedBy(named, { ...inputs, datasets: [...inputs.datasets] });
      requireServed(environment, ordered);
      const checked = await checkFiles(inputs.algorithm, (asset) => fileChecks.checksumOf(asset, network));
      const quoted = await quoteAll(ordered, askedFor(environment, validUntil, consumerAddress));
      const ofAlgorithm = quoted[inputs.datasets.length];
      return {
        datasets: quoted.slice(0, inputs.datasets.length),
        ...(ofAlgorithm === undefined ? {} : { algorithm: { ...ofAlgorithm, ...checked } }),
      };
    },
    async one({ documentId, serviceId, consumerAddress, environment: id, validUntil: until, transferTxId }) {
      const { ddo, service } = await findAsset({ documentId, serviceId }, '', { assets, consumerAddress });
      // What is ordered for no environment is to be downloaded.
      if (service.type === 'access' && id === undefined)
        requireDeliverable({ ddo }, consumerAddress, { delivery, orders });
      if (service.type === 'compute' && (id === undefined || until === undefined)) throw needsEnvironment();
      const environment =
        id === undefined ? withoutEnvironment(orders.serves(ddo.chainId)) : requireEnvironment(id, runners);
      requireServed(environment, [{ resource: 'dataset', ddo }]);
      const validUntil = until === undefined ? 0 : Number(until);
      if (until !== undefined) requireFuture('validUntil', validUntil);
      const asset = { resource: 'dataset', ddo, service, transferTxId: transferTxId && agreementIdOf(transferTxId) };
      const [quote = {}] = await quoteAll([asset], askedFor(environment, validUntil, consumerAddress));
      return quote;
    },
  };
}

function worthWhereFree({ transferTxId, ddo: { chainId } }: Ordered, { validUntil }: Asked): Worth {
  if (transferTxId === undefined) return { kind: 'nothing' };
  const fee = { token: NO_TOKEN, amount: 0n, validUntil };
  return { kind: 'paid', order: { chainId, orderTx: transferTxId, transferTx: transferTxId, datatoken: '', fee } };
}

/** Refuses files that no dataset's owner approved. Says nothing of an algorithm that is not trusted by its files. */
async function checkFiles(
  algorithm: Algorithm,
  checksumOf: (asset: AssetInput) => Promise<string | undefined>,
): Promise<{ readonly checked?: boolean }> {
  if (algorithm.kind !== 'published' || algorithm.trustedFilesChecksums.length === 0) return {};
  // What the consumer adds may change what comes.
  const checksum = algorithm.asset.sealedUserdata === undefined ? await checksumOf(algorithm.asset) : undefined;
  if (checksum === undefined) return { checked: false };
  if (algorithm.trustedFilesChecksums.every((trusted) => trusted.includes(checksum))) return { checked: true };
  const text = "The files of this algorithm are not the ones that the data's owner approved: they have changed since.";
  throw codedRefusal('algorithm', 'algorithm_file_checksum_mismatch', text);
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
