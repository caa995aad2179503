/** Orders and prices, put together. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Address } from '@capstan/shared/contract/ids';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { createContracts } from '../chain/contracts.ts';
import type { Chain } from '../chain/provider.ts';
import { createReceipts, type KeptReceipts } from '../chain/receipts.ts';
import { createOrders } from './orders.ts';
import { createQuotes } from './quotes.ts';

interface TradeOptions {
  readonly chains: ReadonlyMap<number, Chain>;
  readonly receipts: KeptReceipts;
  readonly key: NodeKey;
  /** This node's address, then those that it had with earlier keys. */
  readonly providers: readonly [Address, ...Address[]];
  readonly config: {
    readonly gateway: { readonly publicUrl?: string };
    readonly chains: readonly { readonly id: number; readonly feeToken?: string }[];
  };
  /** Of the environments that sell for assets of a chain, in their order. */
  readonly feeTokens: (chainId: number) => readonly string[];
  readonly clock: Clock;
}

export function createTrade({ chains, receipts, key, providers, config, feeTokens, clock }: TradeOptions) {
  const { publicUrl } = config.gateway;
  const feeTokensOn = (chainId: number) => {
    const ofChain = config.chains.find(({ id }) => id === chainId)?.feeToken;
    return [...(ofChain === undefined ? [] : [ofChain]), ...feeTokens(chainId)];
  };
  const contracts = createContracts();
  const kept = createReceipts(receipts);
  return {
    receipts: kept,
    orders: createOrders({ chains, receipts: kept, contracts, publicUrl, providers, clock }),
    quotes: createQuotes({
      key,
      address: providers[0],
      contracts,
      feeTokens: feeTokensOn,
      namesChain: chains.size > 1,
      clock,
    }),
  };
}
