/**
 * Opens what an NFT recorded of its asset, for an indexer: descriptions only, only of that very NFT, and none that its owner took back. So
 * whoever may ask cannot have anything else opened that is sealed to this node, such as where files are.
 */
import { Interface } from 'ethers';
import { parseDid } from '@capstan/shared/contract/ids';
import { assetDid } from '@capstan/shared/assets/asset-did';
import { CapstanError } from '@capstan/shared/contract/errors';
import { readJson } from '@capstan/shared/runtime/json';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import type { Chain, Request } from '../chain/provider.ts';
import { firstRecordIn, openRecord, type MetadataRecord } from './record.ts';
import type { Unpack } from './unpack-apart.ts';

/** What is to be opened: what a transaction recorded, or what is said to be recorded. */
export type Recorded =
  | { readonly kind: 'transaction'; readonly txId: string; readonly nftAddress: string | undefined }
  | { readonly kind: 'document'; readonly record: MetadataRecord; readonly nftAddress: string };

export interface OpenRecorded {
  serves(chainId: number): boolean;
  /** Resolves to the text. Rejects with REFUSED, FORBIDDEN or CHAIN_UNAVAILABLE. */
  open(chainId: number, recorded: Recorded): Promise<string>;
}

const nfts = new Interface(['function metaDataState() view returns (uint8)']);
const TAKEN_BACK: Readonly<Record<number, string>> = {
  1: 'Asset end of life',
  2: 'Asset deprecated',
  3: 'Asset revoked',
};

const refused = (refusal: string, message: string) => new CapstanError('REFUSED', message, { refusal });
const forbidden = (error: string, detail: string) => new CapstanError('FORBIDDEN', error, { detail });

export function createOpenRecorded(chains: ReadonlyMap<number, Chain>, key: NodeKey, unpack: Unpack): OpenRecorded {
  return {
    serves: (chainId) => chains.has(chainId),
    async open(chainId, recorded) {
      const chain = chains.get(chainId);
      if (!chain) throw refused('Unsupported chain ID', `This node can not ask chain ${chainId}.`);
      const { nftAddress, record } = await find(chain, recorded);
      const [state] = await chain.ask(stateOf(nftAddress));
      requireStanding(state);
      const opened = await openRecord(record, key, unpack);
      switch (opened.kind) {
        case 'sealed elsewhere':
          throw forbidden('Failed to decrypt.', 'The description is sealed to another node: ask that one.');
        case 'broken':
          throw refused("Checksum doesn't match.", `What was recorded ${opened.why}.`);
        case 'text':
          requireOwn(opened.text, nftAddress, chainId);
          return opened.text;
      }
    },
  };
}

interface Found {
  readonly nftAddress: string;
  readonly record: MetadataRecord;
}

async function find(chain: Chain, recorded: Recorded): Promise<Found> {
  if (recorded.kind === 'document') return recorded;
  const { txId } = recorded;
  const [receipt] = await chain.ask({ method: 'eth_getTransactionReceipt', params: [txId] });
  const records = (receipt as { readonly records?: unknown } | null)?.records ?? [];
  const found = firstRecordIn(records, recorded.nftAddress);
  if (found) return found;
  throw refused(
    'Failed to process transaction id.',
    'The transaction is not known, or records no description of that NFT.',
  );
}

const stateOf = (nftAddress: string): Request => ({
  method: 'eth_call',
  params: [{ to: nftAddress, data: nfts.encodeFunctionData('metaDataState') }, 'latest'],
});

function requireStanding(answer: unknown): void {
  const state = typeof answer === 'string' && answer.length === 66 ? Number(BigInt(answer)) : undefined;
  if (state === undefined || state > 5) throw refused('Invalid MetadataState', 'There is no such NFT on its chain.');
  const takenBack = TAKEN_BACK[state];
  if (takenBack !== undefined) throw forbidden(takenBack, 'The owner of the asset took it back.');
}

/** A text that was copied from another NFT, or that is no description at all, stays sealed. */
function requireOwn(text: string, nftAddress: string, chainId: number): void {
  const read = readJson(text);
  const value = read.kind === 'value' ? read.value : undefined;
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  if (typeof id === 'string' && parseDid(id) === assetDid(nftAddress, chainId)) return;
  throw forbidden('Failed to decrypt.', 'What is recorded is no description of this NFT.');
}
