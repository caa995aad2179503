/** The order that a job was started with, as far as the node can read it: what its next run is started with, from the page. */
import type { StartRequest } from '@capstan/shared/contract/api';
import type { AssetInput, JobSpec } from '@capstan/shared/contract/job';
import { readJobId, type Address } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Store } from '../store/store.ts';
import { noSuchJob } from '../status/owned-jobs.ts';

/** What a start request holds beside who sends it. */
export type OrderAgain = Omit<StartRequest, 'consumerAddress' | 'nonce' | 'signature'>;

/** Throws NOT_FOUND alike for a job of somebody else and for none; REFUSED for one that brought what only runners can read, or whose order is not kept any more. */
export function createOrderAgain(store: Pick<Store, 'jobs'>): (owner: Address, jobId: string) => OrderAgain {
  return (owner, text) => {
    const jobId = readJobId(text);
    const job = jobId && store.jobs.find(jobId);
    if (job?.owner !== owner) throw noSuchJob();
    const spec = store.jobs.spec(job.jobId);
    if (spec === undefined) throw forgotten();
    return orderOf(JSON.parse(spec) as JobSpec, job);
  };
}

interface Begun {
  readonly jobId: string;
  readonly agreementId: string;
}

/** PURE. */
export function orderOf(spec: JobSpec, { jobId, agreementId }: Begun): OrderAgain {
  const { environment, datasets, algorithm, algocustomdata, resources, output } = spec;
  const published = algorithm.kind === 'published' ? [algorithm.asset] : [];
  const isSealed =
    algorithm.kind === 'sealed' ||
    output?.sealedNotifyUrl !== undefined ||
    [...datasets, ...published].some(({ sealedUserdata }) => sealedUserdata !== undefined);
  if (isSealed) throw sealed();
  const asset = ({ ddo, serviceId, transferTxId = agreementId }: AssetInput) => ({
    documentId: ddo.id,
    serviceId,
    transferTxId,
  });
  const [dataset, ...additionalDatasets] = datasets.map(asset);
  if (!dataset) throw new Error('a job without a dataset');
  return {
    jobId,
    environment,
    // It runs under the order that it began with.
    dataset: { ...dataset, transferTxId: agreementId },
    ...(additionalDatasets.length === 0 ? {} : { additionalDatasets }),
    algorithm: {
      ...algorithmOf(algorithm, asset),
      ...(algocustomdata === undefined ? {} : { algocustomdata }),
    },
    ...(resources === undefined ? {} : { resources }),
    ...(output?.encryptTo === undefined ? {} : { output: { encryptTo: output.encryptTo } }),
  };
}

function algorithmOf(
  algorithm: JobSpec['algorithm'],
  asset: (input: AssetInput) => OrderAgain['dataset'],
): OrderAgain['algorithm'] {
  switch (algorithm.kind) {
    case 'published':
      return asset(algorithm.asset);
    case 'rawcode':
      return { meta: { rawcode: algorithm.rawcode, container: algorithm.container } };
    case 'sealed':
      throw sealed();
  }
}

const forgotten = () =>
  new CapstanError(
    'REFUSED',
    'The order of this job is not kept any more: it goes with the results. Start it again with the order that you sent, and its jobId.',
  );

const sealed = () =>
  new CapstanError(
    'REFUSED',
    'The job came with an address or parameters that only its runner can read. Start it again with the order that you sent, and its jobId.',
  );
