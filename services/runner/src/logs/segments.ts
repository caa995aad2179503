/**
 * Which bytes of a log are of which stream, PURE: lengths that follow one another, above zero of standard output and below zero of standard
 * error. Beside published results they stand as bytes: for each, twice the length, plus one for standard error, seven bits a byte, the low
 * ones first, the top bit set on all but the last.
 */
import type { LogStream } from '@capstan/shared/contract/log';

export type Segments = readonly number[];

export const segmentOf = (stream: LogStream, length: number) => (stream === 'stdout' ? length : -length);

/** Adds a segment to a list; neighbours of the same stream become one. */
export function addSegment(segments: number[], segment: number): void {
  const last = segments.at(-1);
  if (segment === 0) return;
  if (last !== undefined && last > 0 === segment > 0) segments[segments.length - 1] = last + segment;
  else segments.push(segment);
}

export function encodeSegments(segments: Segments): Buffer {
  const bytes: number[] = [];
  for (const segment of segments) {
    let value = Math.abs(segment) * 2 + (segment < 0 ? 1 : 0);
    while (value > 0x7f) {
      bytes.push((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    bytes.push(value);
  }
  return Buffer.from(bytes);
}
