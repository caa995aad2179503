/** What can be said of a file without keeping it: whether it is there, its size, type and name, and its checksum if that is asked for. */
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CapstanError } from '@capstan/shared/contract/errors';
import { checking } from './content.ts';
import { translateError } from './download.ts';
import type { Fetcher } from './fetcher.ts';
import { describedAs } from './file-names.ts';
import { drop } from './resume.ts';
import type { SourceFile } from './source.ts';

export interface FileFacts {
  /** Undefined where its source does not say, and nobody read it. */
  readonly sizeBytes: number | undefined;
  readonly contentType: string;
  readonly filename: string;
  /** SHA-256, hex. Undefined where it was not asked for, or is larger than what may be read. */
  readonly checksum?: string;
}

interface Looking {
  readonly fetcher: Pick<Fetcher, 'openOnce'>;
  readonly index: number;
  /** How much may be read for a checksum; undefined for none. */
  readonly maxBytes: number | undefined;
}

/** Throws FETCH_FAILED, FETCH_ABSENT or FETCH_INTERRUPTED. */
export async function lookAt(
  file: SourceFile,
  { fetcher, index, maxBytes }: Looking,
  signal: AbortSignal,
): Promise<FileFacts> {
  try {
    const { sizeBytes, body, ...said } = await fetcher.openOnce(file, {}, signal);
    const described = describedAs(file, index, said);
    if (maxBytes === undefined || (sizeBytes ?? 0) > maxBytes) {
      drop(body);
      return { sizeBytes, ...described };
    }
    const hash = createHash('sha256');
    let counted = 0;
    const checks = checking({
      maxBytes,
      tooLarge: () => new CapstanError('FETCH_FAILED', TOO_LARGE),
      hashes: [hash],
      onBytes: (bytes) => void (counted += bytes),
    });
    const whole = await pipeline([body, checks, nowhere()], { signal }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof CapstanError && error.message === TOO_LARGE) return false;
        throw error;
      },
    );
    return whole ? { sizeBytes: counted, ...described, checksum: hash.digest('hex') } : { sizeBytes, ...described };
  } catch (error) {
    signal.throwIfAborted();
    throw translateError(error);
  }
}

const TOO_LARGE = 'it is too large to be read for its checksum';
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
