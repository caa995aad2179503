/** Bytes on their way in: what every kind of source gives, and the checks they pass through. */
import type { Hash } from 'node:crypto';
import { Transform, type Readable } from 'node:stream';
import { CapstanError } from '@capstan/shared/contract/errors';
import { GB } from '@capstan/shared/contract/sizes';

export interface Content {
  /** Undefined where the source doesn't say. */
  readonly sizeBytes: number | undefined;
  readonly body: Readable;
  /** What its server says of it, if anything: media type, and the name to keep it under. */
  readonly contentType?: string;
  readonly filename?: string;
  /** Which byte the body begins with; the first, if absent. The size is that of the whole. */
  readonly startsAt?: number;
  /** Another one means other bytes. */
  readonly validator?: string;
}

/** What goes through is counted, hashed and told; one piece for all three, since every piece copies each chunk's way. */
export interface Checks {
  readonly maxBytes: number;
  /** What is wrong about more than that. */
  readonly tooLarge: () => CapstanError;
  readonly hashes?: readonly Hash[];
  readonly onBytes?: (bytes: number) => void;
}

export function checking({ maxBytes, tooLarge, hashes = [], onBytes }: Checks): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (passed > maxBytes) return done(tooLarge());
      for (const hash of hashes) hash.update(chunk);
      onBytes?.(chunk.length);
      done(null, chunk);
    },
  });
}

export const largerThan = (maxBytes: number) => () =>
  new CapstanError('FETCH_FAILED', `it is larger than ${maxBytes / GB} GB, the most this node takes`);
