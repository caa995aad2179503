/** The parts of ocean.js that the command line tool and nautilus publish, order and edit with: unmodified. */
import { createRequire } from 'node:module';
import type { OrderQuote, ProviderFee } from '@capstan/shared/contract/quotes';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { Signer } from './ocean-js.ts';

export interface Receipt {
  readonly transactionHash: string;
}

interface Sent {
  wait(): Promise<Receipt>;
}

/** As a metadata store gives it. */
export interface Asset extends Ddo {
  readonly nft: { readonly address: string; readonly owner: string; readonly state: number };
  readonly datatokens: readonly { readonly address: string; readonly name: string; readonly symbol: string }[];
}

interface Factory {
  createNFT(nft: object): Promise<string>;
  createNftWithDatatokenWithDispenser(nft: object, datatoken: object, dispenser: object): Promise<Sent>;
}

interface Nfts {
  createDatatoken(nft: string, address: string, ...settings: readonly (string | number)[]): Promise<string>;
  setMetadata(
    nft: string,
    address: string,
    state: number,
    decryptorUrl: string,
    decryptorAddress: string,
    flags: string,
    data: string,
    hash: string,
  ): Promise<Sent>;
  setMetadataState(nft: string, address: string, state: number): Promise<Sent>;
}

interface Datatokens {
  createDispenser(datatoken: string, address: string, dispenser: string, settings: object): Promise<Sent>;
  reuseOrder(datatoken: string, order: string, fee: ProviderFee): Promise<Sent>;
}

export interface Shelf {
  readonly factory: Factory;
  readonly nfts: Nfts;
  readonly datatokens: Datatokens;
  /** Orders an asset as its price says, and pays the fee of a quote. */
  orderAsset(asset: Asset, url: string, consumer?: string, fee?: ProviderFee): Promise<Receipt>;
  approve(token: string, spender: string, amount: string): Promise<unknown>;
  getHash(text: string): string;
  generateDid(nft: string, chainId: number): string;
  eventOf(
    receipt: Receipt,
    name: string,
  ): { readonly transactionHash: string; readonly args: Readonly<Record<string, string>> };
}

interface Library {
  readonly NftFactory: new (address: string, signer: Signer, network: number) => Factory;
  readonly Nft: new (signer: Signer, network: number) => Nfts;
  readonly Datatoken: new (signer: Signer, network: number) => Datatokens;
  readonly ConfigHelper: new () => { getConfig(network: number): object };
  getHash(text: string): string;
  generateDid(nft: string, chainId: number): string;
  getEventFromTx(receipt: Receipt, name: string): ReturnType<Shelf['eventOf']>;
  approveWei(
    signer: Signer,
    config: object,
    account: string,
    token: string,
    spender: string,
    amount: string,
  ): Promise<unknown>;
  orderAsset(
    asset: Asset,
    signer: Signer,
    config: object,
    datatokens: Datatokens,
    url: string,
    consumer: string | undefined,
    marketFee: undefined,
    fee: OrderQuote['providerFee'] | undefined,
  ): Promise<Sent | undefined>;
}

const CHAIN_ID = 8996;

interface Contracts {
  readonly factory: string;
  readonly dispenser: string;
}

export function createShelf(signer: Signer, contracts: Contracts): Shelf {
  const library = createRequire(import.meta.url)('ocean-js-3.4') as Library;
  const addresses = { dispenserAddress: contracts.dispenser, nftFactoryAddress: contracts.factory };
  const config = { ...new library.ConfigHelper().getConfig(CHAIN_ID), ...addresses };
  const datatokens = new library.Datatoken(signer, CHAIN_ID);
  return {
    factory: new library.NftFactory(contracts.factory, signer, CHAIN_ID),
    nfts: new library.Nft(signer, CHAIN_ID),
    datatokens,
    async orderAsset(asset, url, consumer, fee) {
      const sent = await library.orderAsset(asset, signer, config, datatokens, url, consumer, undefined, fee);
      if (!sent) throw new Error(`${asset.id} was not ordered`);
      return sent.wait();
    },
    approve: (token, spender, amount) => library.approveWei(signer, config, signer.address, token, spender, amount),
    getHash: (text) => library.getHash(text),
    generateDid: (nft, chainId) => library.generateDid(nft, chainId),
    eventOf: (receipt, name) => library.getEventFromTx(receipt, name),
  };
}
