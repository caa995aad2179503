/** Puts results into the node's own catalogue, where another job of the same owner finds them as a dataset, and takes them out again. */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { didSuffix, type Did } from '@capstan/shared/contract/ids';
import {
  describeResults,
  formerResultDid,
  outputsOf,
  resultDid,
  type Describing,
  type RunWithResults,
} from './result-asset.ts';

export interface ResultAssets {
  /** Resolves to its DID; undefined if there is nothing to publish. May be repeated. */
  add(of: RunWithResults, owner: string): Promise<Did | undefined>;
  /** Those of all runs of a job, up to this one. Harmless if there are none. */
  remove(of: Pick<RunWithResults, 'jobId' | 'run'>): Promise<void>;
}

interface ResultAssetsOptions extends Omit<Describing, 'owner'> {
  readonly catalogueDir: string;
  readonly isOn: boolean;
}

export function createResultAssets({ catalogueDir, isOn, chainId, seal }: ResultAssetsOptions): ResultAssets {
  const pathOf = (did: Did) => join(catalogueDir, `${didSuffix(did)}.json`);
  return {
    async add(of, owner) {
      if (!isOn || outputsOf(of).length === 0) return undefined;
      const ddo = describeResults(of, { owner, chainId, seal });
      await mkdir(catalogueDir, { recursive: true });
      const temporary = `${pathOf(ddo.id)}.${randomBytes(6).toString('hex')}`;
      await writeFile(temporary, `${JSON.stringify(ddo, undefined, 2)}\n`, { flush: true });
      await rename(temporary, pathOf(ddo.id));
      return ddo.id;
    },
    // Also where it is off by now: it may have been on.
    async remove({ jobId, run: last }) {
      for (let run = 1; run <= last; run++) {
        await rm(pathOf(resultDid({ jobId, run }, chainId)), { force: true });
        const former = formerResultDid({ jobId, run }, chainId);
        if (former !== undefined) await rm(pathOf(former), { force: true });
      }
    },
  };
}
