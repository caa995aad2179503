/**
 * The newest record of an NFT, found by its events. Each question goes on from where the last one saw blocks that are final, so an asset
 * that is used often costs its endpoints little.
 */
import { LRUCache } from 'lru-cache';
import type { Chain, Request } from '../chain/provider.ts';
import { RECORD_TOPICS } from '../chain/topics.ts';
import { recordsIn, type MetadataRecord, type Records } from './record.ts';

/** What an endpoint says of an NFT, all in one round trip. */
export interface Seen {
  /** Undefined if the NFT has none, or if nobody could look back far enough. */
  readonly newest: MetadataRecord | undefined;
  /** Whether every block was looked through that may hold a newer one. */
  readonly isWhole: boolean;
  /** Answers to the further questions. */
  readonly answers: readonly unknown[];
}

export interface History {
  /** Rejects with CHAIN_UNAVAILABLE. */
  look(chain: Chain, nftAddress: string, questions: readonly Request[]): Promise<Seen>;
  /** Of an NFT about which an endpoint was not to be believed: it is read again from its first block. */
  forget(chain: Chain, nftAddress: string): void;
}

interface Known {
  /** Blocks up to this one are final, and were looked through. */
  readonly seenTo: number;
  readonly newest: MetadataRecord | undefined;
  /** Where nothing was found: whether it was looked for from the first block on. */
  readonly isWhole: boolean;
}

/** Records are as large as descriptions, and these are as large as their publishers like. */
const MOST_KEPT = 200;
const MAX_KEPT_BYTES = 32_000_000;
const KEPT_MS = 3_600_000;
/** Ranges that are looked through backwards, where an endpoint does not look through all blocks at once, and how many at a time. */
const MOST_RANGES = 50;
const AT_ONCE = 5;

const NONE: Records = { isEmpty: true, newest: () => undefined };

const hex = (number: number) => `0x${number.toString(16)}`;

export function createHistory(): History {
  const kept = new LRUCache<string, Known>({
    max: MOST_KEPT,
    // An endpoint that left one out, or made one up, is not believed for ever.
    ttl: KEPT_MS,
    maxSize: MAX_KEPT_BYTES,
    sizeCalculation: ({ newest }) => 1 + (newest?.data.length ?? 0),
  });

  const look: History['look'] = async (chain, nftAddress, questions) => {
    const id = idOf(chain, nftAddress);
    const known = kept.get(id);
    const from = known ? known.seenTo + 1 : 0;
    const [headText, logs, ...answers] = await chain.ask(
      { method: 'eth_blockNumber', params: [] },
      logsOf(nftAddress, from),
      ...questions,
    );
    const head = Number(headText);
    if (known && head < known.seenTo) {
      // This endpoint lags, or one before it lied: what was remembered from it counts for nothing.
      kept.delete(id);
      return look(chain, nftAddress, questions);
    }
    const direct = recordsIn(logs, nftAddress);
    const found = direct
      ? { records: direct, isWhole: true }
      : await backwards(chain, { nftAddress, from, head: Number.isSafeInteger(head) ? head : from });
    const finalTo = head - chain.settledAfter;
    const next = follows(known, found, finalTo);
    if (next && finalTo > (known?.seenTo ?? 0)) kept.set(id, next);
    return { ...seenIn(known, found), answers };
  };
  return { look, forget: (chain, nftAddress) => void kept.delete(idOf(chain, nftAddress)) };
}

const idOf = ({ id }: Chain, nftAddress: string) => `${id} ${nftAddress.toLowerCase()}`;

interface Found {
  readonly records: Records;
  /** Whether there are no newer ones among the blocks that were not known yet. */
  readonly isWhole: boolean;
  /** Whether an endpoint gave no answer for one of them: perhaps only this time. */
  readonly isBroken?: true;
}

function seenIn(known: Known | undefined, { records, isWhole }: Found): Pick<Seen, 'newest' | 'isWhole'> {
  const newest = records.newest();
  if (newest) return { newest, isWhole: true };
  return isWhole ? { newest: known?.newest, isWhole: known?.isWhole ?? true } : { newest: undefined, isWhole: false };
}

/** What is known from now on; undefined if that is not sure. */
function follows(known: Known | undefined, found: Found, seenTo: number): Known | undefined {
  const newest = found.records.newest(seenTo);
  if (newest) return { seenTo, newest, isWhole: true };
  // A walk backwards ends at a record: behind one that may yet be replaced there may be others. One that broke off says nothing.
  if (found.records.newest() || found.isBroken) return known;
  return { seenTo, ...seenIn(known, found) };
}

/** For what an NFT recorded in these blocks, the last included. */
export function logsOf(nftAddress: string, from: number, to?: number): Request {
  const range = { fromBlock: hex(from), toBlock: to === undefined ? 'latest' : hex(to) };
  return { method: 'eth_getLogs', params: [{ address: nftAddress, topics: [RECORD_TOPICS], ...range }] };
}

interface Range {
  readonly nftAddress: string;
  readonly from: number;
  readonly head: number;
}

/** The newest is what counts: the walk ends at the first range that holds one. */
async function backwards(chain: Chain, { nftAddress, from, head }: Range): Promise<Found> {
  const ranges = Array.from({ length: MOST_RANGES }, (_, index) => head - index * chain.logBlocks)
    .filter((to) => to >= from)
    .map((to) => ({ from: Math.max(from, to - chain.logBlocks + 1), to }));
  for (let next = 0; next < ranges.length; next += AT_ONCE) {
    const asked = ranges.slice(next, next + AT_ONCE);
    const answers = await chain.ask(...asked.map((range) => logsOf(nftAddress, range.from, range.to)));
    for (const answer of answers) {
      const records = recordsIn(answer, nftAddress);
      if (!records) return { records: NONE, isWhole: false, isBroken: true };
      if (records.newest()) return { records, isWhole: true };
      // No contract of Ocean's: every further range could be as full of what has to be read and is none.
      if (!records.isEmpty) return { records: NONE, isWhole: false };
    }
  }
  return { records: NONE, isWhole: (ranges.at(-1)?.from ?? from) <= from };
}
