/**
 * MetadataCreated and MetadataUpdated as their logs hold them, PURE: read out of the raw words. A general decoder takes half a second for a
 * description of a megabyte, and anybody may record one.
 */

export interface MetadataRecord {
  readonly blockNumber: number;
  readonly flags: number;
  readonly data: Uint8Array;
  /** Lower-case hex of the sha256 of the description's text. */
  readonly hash: string;
}

export interface RecordLog {
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: string;
}

const WORD = 32;
/** state, decryptorUrl, flags, data, metaDataHash, timestamp, blockNumber: texts and bytes by where they stand. */
const HEAD = { flags: 2 * WORD, data: 3 * WORD, hash: 4 * WORD } as const;
const HEAD_BYTES = 7 * WORD;

/** Undefined for what is none. The one indexed value is who recorded it. */
export function parseRecord({ topics, data, blockNumber }: RecordLog): MetadataRecord | undefined {
  const bytes = Buffer.from(data.slice(2), 'hex');
  // What is no hex ends the bytes early.
  if (topics.length !== 2 || bytes.length * 2 !== data.length - 2 || bytes.length < HEAD_BYTES) return undefined;
  const flags = bytesAt(bytes, HEAD.flags);
  const content = bytesAt(bytes, HEAD.data);
  if (!flags || !content) return undefined;
  return {
    blockNumber: Number(blockNumber),
    // One byte; none is none of them.
    flags: flags[0] ?? 0,
    data: content,
    hash: bytes.toString('hex', HEAD.hash, HEAD.hash + WORD),
  };
}

/** Bytes stand as their length and then themselves, at an offset that stands in the head. */
function bytesAt(bytes: Buffer, head: number): Uint8Array | undefined {
  const offset = numberAt(bytes, head);
  if (offset === undefined || offset + WORD > bytes.length) return undefined;
  const length = numberAt(bytes, offset);
  const begin = offset + WORD;
  return length === undefined || begin + length > bytes.length ? undefined : bytes.subarray(begin, begin + length);
}

/** Undefined for one that is larger than any size. */
function numberAt(bytes: Buffer, at: number): number | undefined {
  const high = bytes.subarray(at, at + WORD - 4);
  return high.every((byte) => byte === 0) ? bytes.readUInt32BE(at + WORD - 4) : undefined;
}
