/** The checksum of an asset's files as they are now: downloaded, hashed and thrown away, within bounds that strangers may use up. */
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import type { AssetInput } from '@capstan/shared/contract/job';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Fetcher } from './fetcher.ts';
import { locate, type OwnNode } from './sealed-files.ts';

interface Checking {
  readonly fetcher: Pick<Fetcher, 'fetchInto'>;
  readonly own: OwnNode;
  /** Of all files together. */
  readonly maxBytes: number;
}

const tooLarge = () => new CapstanError('FETCH_FAILED', 'the files are too large to be looked at before an order');

/** Throws FETCH_FAILED or FETCH_INTERRUPTED. */
export async function filesChecksum(
  asset: AssetInput,
  { fetcher, own, maxBytes }: Checking,
  signal: AbortSignal,
): Promise<string> {
  const located = locate(asset, own);
  if (located.kind === 'held') throw new CapstanError('FETCH_FAILED', 'another provider holds the files');
  let checksum = '';
  let leftBytes = maxBytes;
  for (const file of located.files) {
    const hash = createHash('sha256');
    const watcher = {
      opened: () => undefined,
      passed(bytes: number) {
        leftBytes -= bytes;
      },
    };
    const wanted = { file, userdata: {}, hash, allowance: { leftBytes, exceeded: tooLarge }, watcher };
    await fetcher.fetchInto(wanted, nowhere, signal);
    checksum += hash.digest('hex');
  }
  return checksum;
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
