/** Results that are read as data of another job: what can be wrong with that, in the words of whoever fetches it. */
import type { Manifest, ManifestFile } from '@capstan/shared/results/manifest';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';

/** Throws FETCH_FAILED if there is no such file, or no longer. */
export function requireFile(manifest: Manifest | undefined, index: number): ManifestFile {
  const file = manifest?.files.find((each) => each.index === index);
  if (!file) throw new CapstanError('FETCH_FAILED', 'it is a result that this node does not keep any more');
  return file;
}

/** Everything that is not about this file may pass. */
export async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (hasCode(error, 'FETCH_FAILED')) throw error;
    throw new CapstanError('FETCH_INTERRUPTED', 'the results of this node can not be read at the moment', {
      cause: error,
    });
  }
}
