/** The assets of a job that must be ordered, each with the transaction that the request names, PURE. */
import type { StartRequest } from '@capstan/shared/contract/api';
import type { AssetInput, JobSpec } from '@capstan/shared/contract/job';
import { datasetName } from '../assets/dataset-name.ts';
import type { Ordered } from '../orders/ordered.ts';
import { agreementIdOf } from '../orders/agreement-id.ts';

interface Named {
  readonly dataset: Naming;
  readonly additionalDatasets?: readonly Naming[];
  readonly algorithm: Naming;
}
type Naming = Partial<Pick<StartRequest['dataset'], 'transferTxId'>>;

export function orderedBy(
  request: Named,
  { datasets, algorithm }: Pick<JobSpec, 'datasets' | 'algorithm'>,
): readonly Ordered[] {
  const named = [request.dataset, ...(request.additionalDatasets ?? [])];
  const ordered = datasets.flatMap((input, index) => {
    return orderOf(datasetName(index), input, named[index]);
  });
  return algorithm.kind === 'published'
    ? [...ordered, ...orderOf('algorithm', algorithm.asset, request.algorithm)]
    : ordered;
}

function orderOf(resource: string, { ddo, serviceId }: AssetInput, named: Naming | undefined): readonly Ordered[] {
  const transferTxId = named?.transferTxId;
  return ddo.services
    .filter(({ id }) => id === serviceId)
    .slice(0, 1)
    .map((service) => ({
      resource,
      ddo,
      service,
      transferTxId: transferTxId === undefined ? undefined : agreementIdOf(transferTxId),
    }));
}
