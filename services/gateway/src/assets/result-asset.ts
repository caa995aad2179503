/** The results of a run as an asset for the job's owner alone, PURE. Its DID follows from job and run, so describing it again changes nothing. */
import { createHash } from 'node:crypto';
import { getAddress } from 'ethers';
import { assetDid } from '@capstan/shared/assets/asset-did';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { parseDid, type Did } from '@capstan/shared/contract/ids';
import { SEALED_SUFFIX } from '@capstan/shared/results/manifest';
import type { ResultFile } from '@capstan/shared/contract/job';

export interface RunWithResults {
  readonly jobId: string;
  readonly run: number;
  readonly results: readonly ResultFile[];
}

export interface Describing {
  /** The owner of the job, the only one who may use it. */
  readonly owner: string;
  readonly chainId: number;
  /** Encrypts to the node's key. */
  readonly seal: (text: string) => string;
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** Addresses that no contract has: no token stands behind it. */
function addressesOf({ jobId, run }: Pick<RunWithResults, 'jobId' | 'run'>) {
  const address = (what: string) => getAddress(`0x${hashOf(`capstan ${what} of ${jobId} ${run}`).slice(0, 40)}`);
  return { nftAddress: address('nft'), datatokenAddress: address('datatoken') };
}

export function resultDid(of: Pick<RunWithResults, 'jobId' | 'run'>, chainId: number): Did {
  const did = assetDid(addressesOf(of).nftAddress, chainId);
  if (did === undefined) throw new TypeError('a hash always makes an address');
  return did;
}

/** As releases up to 0.1 named it: what they left in the catalogue must still be found there to be taken out. */
export function formerResultDid(of: Pick<RunWithResults, 'jobId' | 'run'>, chainId: number): Did | undefined {
  return parseDid(`did:op:${hashOf(addressesOf(of).nftAddress.toLowerCase() + String(chainId))}`);
}

/** What can be used as data: outputs that this node can read. */
export function outputsOf({ results }: Pick<RunWithResults, 'results'>): readonly ResultFile[] {
  return results.filter(({ type, filename }) => type === 'output' && !filename.endsWith(SEALED_SUFFIX));
}

export function describeResults(of: RunWithResults, { owner, chainId, seal }: Describing): Ddo {
  const { jobId, run } = of;
  const addresses = addressesOf(of);
  const files = outputsOf(of).map(({ index }) => ({ type: 'result', jobId, run, index }));
  return {
    id: resultDid(of, chainId),
    nftAddress: addresses.nftAddress,
    chainId,
    version: '4.5.0',
    // Whoever knows a job's id may be shown how it stands: it is for the owner to tell.
    metadata: { type: 'dataset', name: `Results of a job, run ${run}` },
    services: [
      {
        id: 'results',
        type: 'compute',
        files: seal(JSON.stringify({ ...addresses, files })),
        datatokenAddress: addresses.datatokenAddress,
        timeout: 0,
        // Its one consumer may read it anyway.
        compute: { allowRawAlgorithm: true, allowNetworkAccess: false },
      },
    ],
    credentials: { allow: [{ type: 'address', values: [owner] }], deny: [] },
    nft: { owner, state: 0 },
  };
}
