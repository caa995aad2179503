/** The parts of ocean.js that publish, look at files, and download, in both versions: unmodified. */
import { createRequire } from 'node:module';
import type { FoundAssets } from '@capstan/shared/contract/asset-answers';
import type { FileInfo } from '@capstan/shared/contract/file-info';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { Signer, VERSIONS } from './ocean-js.ts';

interface MetadataProof {
  readonly validatorAddress: string;
  readonly v: number;
  readonly r: string;
  readonly s: string;
}

interface Validated {
  readonly valid: boolean;
  readonly hash?: string;
  readonly proof?: MetadataProof;
  readonly errors?: object;
}

interface Aquarius {
  resolve(did: string): Promise<Ddo>;
  validate(ddo: object): Promise<Validated>;
  querySearch(query: object): Promise<FoundAssets>;
  /** 3.4 */
  readonly waitForIndexer?: (did: string, txid?: string, signal?: AbortSignal, interval?: number) => Promise<Ddo>;
  /** 3.2 */
  readonly waitForAqua?: (did: string, txid?: string) => Promise<Ddo>;
}

interface Files {
  encrypt(data: unknown, chainId: number, url: string): Promise<string>;
  checkDidFiles(did: string, serviceId: string, url: string, withChecksum?: boolean): Promise<readonly FileInfo[]>;
  getFileInfo(file: object, url: string, withChecksum?: boolean): Promise<readonly FileInfo[]>;
  getDownloadUrl(
    did: string,
    serviceId: string,
    fileIndex: number,
    transferTxId: string,
    url: string,
    signer: Signer,
    userdata?: object,
  ): Promise<string>;
}

interface Nfts {
  setMetadata(
    nft: string,
    address: string,
    state: number,
    decryptorUrl: string,
    decryptorAddress: string,
    flags: string,
    data: string,
    hash: string,
    proofs: readonly MetadataProof[],
  ): Promise<{ wait(): Promise<{ readonly transactionHash: string }> }>;
}

interface Library {
  readonly ProviderInstance: Files;
  readonly Aquarius: new (url: string) => Aquarius;
  readonly Nft: new (signer: Signer, network: number) => Nfts;
}

const CHAIN_ID = 8996;

export interface Publisher {
  readonly files: Files;
  readonly aquarius: Aquarius;
  /** Waits until the description is there, as each version does. */
  indexed(did: string): Promise<Ddo>;
  /** Has a description found valid, sealed to the node, and records it with its proof. Resolves to the transaction. */
  record(ddo: Ddo): Promise<string>;
}

export function createPublisher(version: (typeof VERSIONS)[number], signer: Signer, url: string): Publisher {
  const library = createRequire(import.meta.url)(`ocean-js-${version}`) as Library;
  const aquarius = new library.Aquarius(url);
  const files = library.ProviderInstance;
  return {
    files,
    aquarius,
    async indexed(did) {
      const found = await (aquarius.waitForIndexer?.(did, undefined, undefined, 50) ?? aquarius.waitForAqua?.(did));
      if (!found) throw new Error(`${did} was never indexed`);
      return found;
    },
    async record(ddo) {
      const { valid, hash = '', proof, errors } = await aquarius.validate(ddo);
      if (!valid || !proof) throw new Error(`not valid: ${JSON.stringify(errors)}`);
      const sealed = await files.encrypt(ddo, CHAIN_ID, url);
      const nfts = new library.Nft(signer, CHAIN_ID);
      const sent = await nfts.setMetadata(ddo.nftAddress, signer.address, 0, url, '', '0x02', sealed, hash, [proof]);
      return (await sent.wait()).transactionHash;
    },
  };
}
