/**
 * What an NFT's own events say of its asset: the description as its owner published it, packed and sealed as the flags say. The contract
 * keeps no hash of it, so the newest event is the only proof there is.
 */
import { createHash } from 'node:crypto';
import { Type, type Static } from 'typebox';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { unsealBytes } from '@capstan/shared/crypto/seal';
import { compile } from '@capstan/shared/schema/validate';
import { RECORD_TOPICS } from '../chain/topics.ts';
import { parseRecord, type MetadataRecord } from './record-log.ts';
import type { Unpack } from './unpack-apart.ts';

export type { MetadataRecord };

/** What a description may be, once it is opened; the same as for one from a store. */
const MAX_BYTES = 1_000_000;
const FLAG_PACKED = 1;
const FLAG_SEALED = 2;

const Hex = Type.String({ pattern: '^0x[0-9a-fA-F]*$', maxLength: 4_000_000 });
const LogsSchema = Type.Array(
  Type.Object({
    address: Type.String({ maxLength: 42 }),
    topics: Type.Array(Type.String({ maxLength: 66 }), { minItems: 1, maxItems: 4 }),
    data: Hex,
    blockNumber: Type.String({ pattern: '^0x[0-9a-fA-F]{1,13}$' }),
    logIndex: Type.String({ pattern: '^0x[0-9a-fA-F]{1,13}$' }),
  }),
  { maxItems: 10_000 },
);
const validate = compile(LogsSchema);

type Log = Static<typeof LogsSchema>[number];
type Parse = (log: Log) => MetadataRecord | undefined;

/** An NFT of somebody's own may emit thousands that are none; Ocean's writes every record as it must be. */
const MOST_TRIED = 50;

export interface Records {
  /** Whether there are events at all, records or not. */
  readonly isEmpty: boolean;
  /** The last one, or the last of the blocks up to one. */
  newest(upToBlock?: number): MetadataRecord | undefined;
}

/** The records of an NFT in an endpoint's answer; undefined if it is no answer. Only what is asked for is decoded. */
export function recordsIn(answer: unknown, nftAddress: string, parse: Parse = parseRecord): Records | undefined {
  const checked = validate(answer);
  if (!checked.ok) return undefined;
  const logs = recordLogs(checked.value, nftAddress).toReversed();
  return {
    isEmpty: logs.length === 0,
    newest: (upToBlock = Infinity) =>
      firstOf(
        logs.filter(({ blockNumber }) => Number(blockNumber) <= upToBlock),
        parse,
      )?.record,
  };
}

/** The first record of a transaction, of one NFT or of any: what it says, and whose it is. */
export function firstRecordIn(answer: unknown, nftAddress: string | undefined, parse: Parse = parseRecord) {
  const checked = validate(answer);
  return checked.ok ? firstOf(recordLogs(checked.value, nftAddress), parse) : undefined;
}

/** Events of other contracts don't count. Oldest first. */
function recordLogs(logs: readonly Log[], nftAddress: string | undefined): readonly Log[] {
  return logs
    .filter(
      ({ address, topics: [topic = ''] }) =>
        RECORD_TOPICS.includes(topic) && (nftAddress === undefined || isSame(address, nftAddress)),
    )
    .toSorted((a, b) => Number(a.blockNumber) - Number(b.blockNumber) || Number(a.logIndex) - Number(b.logIndex));
}

function firstOf(logs: readonly Log[], parse: Parse) {
  for (const log of logs.slice(0, MOST_TRIED)) {
    const record = parse(log);
    if (record) return { nftAddress: log.address, record };
  }
  return undefined;
}

export type Opened =
  | { readonly kind: 'text'; readonly text: string }
  /** For somebody else's eyes. */
  | { readonly kind: 'sealed elsewhere' }
  | { readonly kind: 'broken'; readonly why: string };

export async function openRecord({ flags, data, hash }: MetadataRecord, key: NodeKey, unpack: Unpack): Promise<Opened> {
  const unsealed = flags & FLAG_SEALED ? unsealedBy(key, data) : data;
  if (!unsealed) return { kind: 'sealed elsewhere' };
  const content = flags & FLAG_PACKED ? await unpack(unsealed, MAX_BYTES) : Buffer.from(unsealed);
  if (!content) return { kind: 'broken', why: 'can not be unpacked' };
  if (content.length > MAX_BYTES) return { kind: 'broken', why: `is larger than ${MAX_BYTES} bytes` };
  return createHash('sha256').update(content).digest('hex') === hash
    ? { kind: 'text', text: content.toString('utf8') }
    : { kind: 'broken', why: 'has another hash than the one that was recorded with it' };
}

function unsealedBy(key: NodeKey, sealed: Uint8Array): Buffer | undefined {
  try {
    return unsealBytes(key, sealed);
  } catch {
    return undefined;
  }
}

const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
