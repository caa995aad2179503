/** What a job needs from elsewhere, located: which files of which asset, and under which name and code they fail. */
import type { Algorithm, JobSpec } from '@capstan/shared/contract/job';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { filesOfText, locate, userdataOf, type Located, type OwnNode } from '../../fetch/sealed-files.ts';
import type { UserData } from '../../fetch/source.ts';

export interface Asset {
  readonly name: string;
  readonly code: 'DATA_UNAVAILABLE' | 'ALGORITHM_UNAVAILABLE';
}

export interface Input {
  readonly asset: Asset;
  readonly located: Located;
  readonly userdata: UserData;
}

export interface Inputs {
  /** Undefined where the order itself holds the code. */
  readonly algorithm: Input | undefined;
  /** In the order of the specification's datasets. */
  readonly datasets: readonly Input[];
}

/** Throws DATA_UNAVAILABLE or ALGORITHM_UNAVAILABLE. */
export function locateInputs({ algorithm, datasets }: JobSpec, own: OwnNode): Inputs {
  return {
    algorithm: algorithm.kind === 'rawcode' ? undefined : locateAlgorithm(algorithm, own),
    datasets: datasets.map((dataset) => {
      const asset = { name: `dataset ${dataset.ddo.id}`, code: 'DATA_UNAVAILABLE' } as const;
      return naming(asset, () => ({
        asset,
        located: locate(dataset, own),
        userdata: userdataOf(dataset.sealedUserdata, own.key),
      }));
    }),
  };
}

/** How many files there are; undefined if a provider elsewhere has some of them. */
export function filesIn({ algorithm, datasets }: Inputs): number | undefined {
  const counts = [...datasets, ...(algorithm ? [algorithm] : [])].map(({ located }) =>
    located.kind === 'here' ? located.files.length : Number.NaN,
  );
  const sum = counts.reduce((total, count) => total + count, 0);
  return Number.isNaN(sum) ? undefined : sum;
}

function locateAlgorithm(algorithm: Exclude<Algorithm, { kind: 'rawcode' }>, own: OwnNode): Input {
  const isPublished = algorithm.kind === 'published';
  const name = isPublished ? `algorithm ${algorithm.asset.ddo.id}` : 'algorithm';
  const asset = { name, code: 'ALGORITHM_UNAVAILABLE' } as const;
  return naming(asset, () => ({
    asset,
    located: isPublished
      ? locate(algorithm.asset, own)
      : { kind: 'here', files: filesOfText(algorithm.sealedFiles, own.key) },
    userdata: userdataOf((isPublished ? algorithm.asset : algorithm).sealedUserdata, own.key),
  }));
}

/** Adds which one it was to a failure. One that all may be tried again after has the final failure as its cause. */
function named({ name, code }: Asset, error: unknown): unknown {
  if (!hasCode(error, 'FETCH_FAILED', 'FETCH_INTERRUPTED')) return error;
  const what = name.startsWith('File ') ? name : `The ${name}`;
  const text = `${what} could not be fetched: ${error.message.replace(/\.$/, '')}.`;
  const failure = new CapstanError(code, text, { cause: error });
  return error.code === 'FETCH_FAILED' ? failure : new CapstanError(error.code, text, { cause: failure });
}

function naming<T>(asset: Asset, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(asset, error);
  }
}

export async function namingAsync<T>(asset: Asset, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw named(asset, error);
  }
}
