/** ocean.js as its users have it, in the versions that are about: unmodified, loaded as they load it, with the `ethers` 5 that it brings. */
import { createRequire } from 'node:module';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { EnvironmentObject } from '@capstan/shared/contract/answers';

/** A wallet of `ethers` 5 with a provider: ocean.js asks it for its chain before it signs. */
export interface Signer {
  readonly address: string;
  getChainId(): Promise<number>;
}

interface Asset {
  readonly documentId: string;
  readonly serviceId: string;
  readonly transferTxId: string;
  readonly algocustomdata?: object;
  /** What its users leave in such an object, and send along. */
  readonly did?: string;
  readonly accessDetails?: object;
}

type Algorithm = Asset | { readonly meta: object };
type Jobs = StatusObject | readonly StatusObject[];

/** What we use of the class that ocean.js talks to a node with; its own types don't resolve under ESM. */
export interface Provider {
  isValidProvider(url: string): Promise<boolean>;
  getEndpoints(url: string): Promise<{ readonly serviceEndpoints: Readonly<Record<string, readonly string[]>> }>;
  getNonce(url: string, address: string): Promise<number>;
  getComputeEnvironments(url: string): Promise<Readonly<Record<string, readonly EnvironmentObject[]>>>;
  encrypt(data: unknown, chainId: number, url: string): Promise<string>;
  /** Null when the node refuses. */
  computeStart(
    url: string,
    signer: Signer,
    environment: string,
    dataset: Asset,
    algorithm: Algorithm,
    signal?: AbortSignal,
    additionalDatasets?: readonly Asset[],
    output?: object,
  ): Promise<Jobs | null>;
  /** 3.4 also takes an agreement's id, after the signer. */
  computeStop(
    did: string,
    address: string,
    jobId: string,
    url: string,
    signer: Signer,
    agreement?: string,
  ): Promise<Jobs>;
  /** The last is an agreement's id in 3.4, a DID in 3.2. */
  computeStatus(url: string, address: string, jobId?: string, agreementOrDid?: string): Promise<Jobs>;
  getComputeResultUrl(url: string, signer: Signer, jobId: string, index: number): Promise<string>;
  computeDelete(did: string, signer: Signer, jobId: string, url: string): Promise<Jobs>;
}

interface Library {
  readonly ProviderInstance: Provider;
  downloadFile(url: string): Promise<{ readonly data: ArrayBuffer; readonly filename: string }>;
}

interface Ethers5 {
  readonly providers: { readonly JsonRpcProvider: new (url: string) => object };
  readonly Wallet: { createRandom(): { connect(provider: object): Signer } };
}

export interface OceanJs {
  readonly version: string;
  readonly provider: Provider;
  readonly downloadFile: Library['downloadFile'];
  /** A wallet of its own, on the chain behind that URL. */
  newSigner(chainUrl: string): Signer;
}

export const VERSIONS = ['3.4', '3.2'] as const;

export function loadOceanJs(version: (typeof VERSIONS)[number]): OceanJs {
  const require = createRequire(import.meta.url);
  const name = `ocean-js-${version}`;
  const library = require(name) as Library;
  const { ethers } = createRequire(require.resolve(name))('ethers') as { readonly ethers: Ethers5 };
  return {
    version,
    provider: library.ProviderInstance,
    downloadFile: (url) => library.downloadFile(url),
    newSigner: (chainUrl) => ethers.Wallet.createRandom().connect(new ethers.providers.JsonRpcProvider(chainUrl)),
  };
}
