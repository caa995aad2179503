/** From what a start request names to what a runner needs: assets looked up, checked against each other, parameters sealed. */
import type { StartRequest } from '@capstan/shared/contract/api';
import type { Algorithm, AssetInput } from '@capstan/shared/contract/job';
import { resolveAlgorithm, type AlgorithmRequest, type Find } from './algorithm.ts';
import { assetInput, type Seal } from './asset-input.ts';
import { readOnce, type Assets } from './assets.ts';
import { datasetName } from './dataset-name.ts';
import { findAsset, ORDERED_TYPES, type FoundAsset } from './find.ts';
import { codedRefusal } from './refusal-codes.ts';

export interface ResolvedInputs {
  readonly datasets: readonly AssetInput[];
  readonly algorithm: Algorithm;
}

interface Resolver {
  readonly assets: Assets;
  readonly seal: Seal;
  readonly trustWithoutChecksums: boolean;
}

type DatasetRequest = Omit<StartRequest['dataset'], 'transferTxId'> & { readonly transferTxId?: string };

/** What a request to start a job and one for its price have in common. */
interface InputsRequest {
  readonly consumerAddress: StartRequest['consumerAddress'];
  readonly dataset: DatasetRequest;
  readonly additionalDatasets?: readonly DatasetRequest[];
  readonly algorithm: AlgorithmRequest;
}

/** Throws REFUSED with Ocean Provider's code for the first thing that the caller must mend. */
export async function resolveInputs(request: InputsRequest, resolver: Resolver): Promise<ResolvedInputs> {
  const requested = [request.dataset, ...(request.additionalDatasets ?? [])];
  const from = { assets: readOnce(resolver.assets), consumerAddress: request.consumerAddress };
  const find: Find = (asset, resource, fitting) => findAsset(asset, resource, { ...from, fitting });
  const datasets = await Promise.all(requested.map((dataset, index) => findDataset(dataset, index, find)));
  const algorithm = await resolveAlgorithm(request.algorithm, { ...resolver, datasets, find });
  return {
    datasets: datasets.map((found, index) => assetInput(found, requested[index], resolver.seal)),
    algorithm,
  };
}

async function findDataset(request: DatasetRequest, index: number, find: Find): Promise<FoundAsset> {
  const resource = datasetName(index);
  const found = await find(request, resource, index === 0 ? ['compute'] : ORDERED_TYPES);
  if (found.ddo.metadata.type !== 'dataset') {
    const message = `The asset ${request.documentId} is an ${found.ddo.metadata.type}, not a dataset.`;
    throw codedRefusal(`${resource}.documentId`, 'not_dataset', message);
  }
  if (index === 0 && found.service.type !== 'compute') {
    throw codedRefusal(
      `${resource}.serviceId`,
      'main_service_compute',
      'The first dataset must be asked for with its compute service.',
    );
  }
  return found;
}
