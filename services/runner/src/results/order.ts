/** The order of result files, PURE: it is their index, so clients see the same one each time. */
import { SEALED_SUFFIX, type ManifestFile } from '@capstan/shared/results/manifest';

export const ALGORITHM_LOG = 'algorithm.log';
export const PUBLISH_LOG = 'publish.log';

const OWN_NAMES: readonly string[] = [ALGORITHM_LOG, PUBLISH_LOG].flatMap((name) => [name, `${name}${SEALED_SUFFIX}`]);

/** Whoever looks for one of these means what the node wrote. */
export const isOwnName = (filename: string) => OWN_NAMES.includes(filename);

type Named = Pick<ManifestFile, 'filename' | 'type'>;

/** Outputs by path, then logs, the algorithm's own first. */
export function inResultOrder<File extends Named>(files: readonly File[]): readonly File[] {
  return files.toSorted((one, other) => {
    const [first, second] = [sortKey(one), sortKey(other)];
    return first < second ? -1 : first > second ? 1 : 0;
  });
}

function sortKey({ filename, type }: Named): string {
  if (type === 'output') return `0${filename}`;
  const isAlgorithmLog = [ALGORITHM_LOG, `${ALGORITHM_LOG}${SEALED_SUFFIX}`].includes(filename);
  return isAlgorithmLog ? '1' : `2${filename}`;
}
