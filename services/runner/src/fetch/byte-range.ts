/** The one range of bytes that a request asks for, PURE (RFC 9110 §14.1.2). */

export interface AskedRange {
  /** From this byte on, or, where it is undefined, the last `last` bytes. */
  readonly start: number | undefined;
  /** The last byte that is wanted; undefined for the end. Of a suffix: how many. */
  readonly last: number | undefined;
}

/** Undefined for none, for several, and for what is no range: then the whole is the answer. */
export function askedRange(header: string | undefined): AskedRange | undefined {
  const [, start = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (start === '') return last === '' ? undefined : { start: undefined, last: Number(last) };
  if (last !== '' && Number(last) < Number(start)) return undefined;
  return { start: Number(start), last: last === '' ? undefined : Number(last) };
}

export interface Span {
  readonly start: number;
  /** Included. */
  readonly end: number;
}

/** The bytes of a file of that size; undefined if it has none of them. */
export function spanOf({ start, last }: AskedRange, sizeBytes: number): Span | undefined {
  const end = sizeBytes - 1;
  if (start === undefined)
    return last === 0 || sizeBytes === 0 ? undefined : { start: Math.max(0, sizeBytes - (last ?? 0)), end };
  return start > end ? undefined : { start, end: Math.min(end, last ?? end) };
}
