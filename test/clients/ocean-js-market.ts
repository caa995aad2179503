/** The parts of ocean.js that trade: its contracts and its orders, with a wallet of its own `ethers` 5. */
import { createRequire } from 'node:module';
import type { InitializeComputeAnswer, OrderQuote, ProviderFee } from '@capstan/shared/contract/quotes';
import type { Provider, Signer, VERSIONS } from './ocean-js.ts';

interface Sent {
  wait(): Promise<Receipt>;
}
interface Receipt {
  readonly transactionHash: string;
  readonly events?: readonly { readonly event?: string; readonly args?: Readonly<Record<string, string>> }[];
}

interface Factory {
  createNftWithDatatoken(nft: object, datatoken: object): Promise<Sent>;
}
export interface Datatokens {
  mint(datatoken: string, from: string, amount: string, to?: string): Promise<Sent>;
  startOrder(datatoken: string, consumer: string, serviceIndex: number, fee: ProviderFee): Promise<Sent>;
  reuseOrder(datatoken: string, orderTxId: string, fee: ProviderFee): Promise<Sent>;
}

interface TradingProvider extends Provider {
  initializeCompute(
    assets: readonly object[],
    algorithm: object,
    environment: string,
    validUntil: number,
    url: string,
    address: string,
  ): Promise<InitializeComputeAnswer>;
  initialize(
    did: string,
    serviceId: string,
    fileIndex: number,
    address: string,
    url: string,
    signal?: AbortSignal,
    userdata?: object,
    environment?: string,
    validUntil?: number,
  ): Promise<OrderQuote>;
}

interface Library {
  readonly ProviderInstance: TradingProvider;
  readonly NftFactory: new (address: string, signer: Signer, network: number) => Factory;
  readonly Datatoken: new (signer: Signer, network: number) => Datatokens;
  readonly ConfigHelper: new () => { getConfig(network: number): object };
  generateDid(nft: string, chainId: number): string;
  approveWei(
    signer: Signer,
    config: object,
    account: string,
    token: string,
    spender: string,
    amount: string,
    force?: boolean,
  ): Promise<unknown>;
}

interface Ethers5 {
  readonly providers: { readonly JsonRpcProvider: new (url: string) => { pollingInterval: number } };
  readonly Wallet: new (key: string, provider: object) => Signer;
}

export interface Trader {
  readonly provider: TradingProvider;
  readonly signer: Signer;
  /** A data NFT with a datatoken, of which the signer has as many as it likes. */
  publish(factory: string): Promise<{ readonly nftAddress: string; readonly datatokenAddress: string }>;
  mint(datatoken: string, to: string): Promise<void>;
  /** Does what the node's answer about an asset says, as ocean.js's own users do. Resolves to the order's transaction. */
  order(datatoken: string, quote: OrderQuote, consumer?: string): Promise<string>;
  didOf(nft: string): string;
}

const CHAIN_ID = 8996;

export function createTrader(privateKey: string, chainUrl: string, version: (typeof VERSIONS)[number] = '3.4'): Trader {
  const require = createRequire(import.meta.url);
  const library = require(`ocean-js-${version}`) as Library;
  const { ethers } = createRequire(require.resolve(`ocean-js-${version}`))('ethers') as { readonly ethers: Ethers5 };
  const chain = new ethers.providers.JsonRpcProvider(chainUrl);
  // ethers 5 learns of a block by asking; every four seconds, if one says nothing.
  chain.pollingInterval = 20;
  const signer = new ethers.Wallet(privateKey, chain);
  const datatokens = new library.Datatoken(signer, CHAIN_ID);
  const config = new library.ConfigHelper().getConfig(CHAIN_ID);
  const { address } = signer;

  return {
    provider: library.ProviderInstance,
    signer,
    didOf: (nft) => library.generateDid(nft, CHAIN_ID),
    async publish(factory) {
      const nft = { name: 'A', symbol: 'A', templateIndex: 1, tokenURI: '', transferable: true, owner: address };
      const noFee = { feeToken: `0x${'0'.repeat(40)}`, feeAmount: '0', mpFeeAddress: address };
      const datatoken = { templateIndex: 1, minter: address, paymentCollector: address, cap: '1000', ...noFee };
      const sent = await new library.NftFactory(factory, signer, CHAIN_ID).createNftWithDatatoken(nft, {
        ...datatoken,
        name: 'DT',
        symbol: 'DT',
      });
      const { events = [] } = await sent.wait();
      const newToken = (event: string) => events.find((each) => each.event === event)?.args?.['newTokenAddress'] ?? '';
      return { nftAddress: newToken('NFTCreated'), datatokenAddress: newToken('TokenCreated') };
    },
    async mint(datatoken, to) {
      await (await datatokens.mint(datatoken, address, '5', to)).wait();
    },
    async order(datatoken, { providerFee, validOrder }, consumer = address) {
      if (!providerFee) return validOrder ?? '';
      const { providerFeeAmount, providerFeeToken } = providerFee;
      if (providerFeeAmount !== '0') {
        await library.approveWei(signer, config, address, providerFeeToken, datatoken, providerFeeAmount, true);
      }
      const sent = validOrder
        ? await datatokens.reuseOrder(datatoken, validOrder, providerFee)
        : await datatokens.startOrder(datatoken, consumer, 0, providerFee);
      return (await sent.wait()).transactionHash;
    },
  };
}
