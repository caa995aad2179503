/** Bytes on their way in: what every kind of source gives, and the checks they pass through. */
import type { Hash } from 'node:crypto';
import { Transform, type Readable } from 'node:stream';
import { CapstanError } from '@capstan/shared/errors';

export interface Content {
  /** Undefined where the source doesn't say. */
  readonly sizeBytes: number | undefined;
  readonly body: Readable;
}

export const GB = 1_000_000_000;

export const tooLarge = (maxBytes: number) =>
  new CapstanError('FETCH_FAILED', `it is larger than ${maxBytes / GB} GB, the most this node takes`);

/** Fails once more than `maxBytes` went through. */
export function limitBytes(maxBytes: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (passed > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
}

/** Adds what goes through to a hash. */
export function hashing(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}
