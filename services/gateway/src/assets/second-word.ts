/**
 * What one endpoint says of an asset against the word of the metadata store is asked of all endpoints of its chain: one of the two is wrong,
 * or behind, and whoever runs either of them must not be able to loosen what the owner allows.
 */
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Chain, Request } from '../chain/provider.ts';
import { logsOf } from './history.ts';
import { recordsIn, type MetadataRecord } from './record.ts';

interface Said {
  readonly nftAddress: string;
  /** Questions about the NFT itself, and what was answered. */
  readonly calls: readonly Request[];
  readonly answers: readonly unknown[];
  readonly newest: MetadataRecord | undefined;
}

/** Whether two endpoints say it, where the chain has several, and none says otherwise. Rejects with CHAIN_UNAVAILABLE. */
export async function isSaidByOthers(chain: Chain, { nftAddress, calls, answers, newest }: Said): Promise<boolean> {
  // A range that any endpoint looks through, and what came after it, which some may not.
  const logs = newest
    ? [logsOf(nftAddress, newest.blockNumber, newest.blockNumber), logsOf(nftAddress, newest.blockNumber + 1)]
    : [];
  const told = await chain.askAll(...calls, ...logs);
  const agrees = (each: readonly unknown[]) => {
    const [own, later] = each.slice(calls.length);
    return (
      calls.every((_, index) => isSame(each[index], answers[index])) &&
      (!newest || (isRecord(recordsIn(own, nftAddress)?.newest(), newest) && !recordsIn(later, nftAddress)?.newest()))
    );
  };
  return told.every(agrees) && told.length >= Math.min(2, chain.endpoints);
}

export function disputed(chain: Chain, nftAddress: string): CapstanError {
  return new CapstanError(
    'CHAIN_UNAVAILABLE',
    `The metadata store and the endpoints of chain ${chain.id} do not agree about the NFT ${nftAddress}, so nobody can say what its owner allows. Try again shortly.`,
  );
}

const isSame = (one: unknown, other: unknown) => String(one).toLowerCase() === String(other).toLowerCase();

const isRecord = (one: MetadataRecord | undefined, other: MetadataRecord) =>
  one?.hash === other.hash && one.flags === other.flags && Buffer.compare(one.data, other.data) === 0;
