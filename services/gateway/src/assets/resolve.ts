/** From what a start request names to what a runner needs: assets looked up, checked against each other, parameters sealed. */
import type { StartRequest } from '@capstan/shared/contract/api';
import { plainContainer, type Container, type Ddo, type Service } from '@capstan/shared/contract/ddo';
import type { Algorithm, AssetInput } from '@capstan/shared/contract/job';
import { fullDid } from '@capstan/shared/contract/ids';
import { fieldOf, requireAccess, requireKnownService } from './access.ts';
import { datasetName } from './dataset-name.ts';
import { readOnce, type Asset, type Assets } from './assets.ts';
import { requireContainer } from './container.ts';
import { codedRefusal, type RefusalCode } from './refusal-codes.ts';
import { isKeptFrom } from './shown.ts';
import { trustPublished, trustRaw, type TrustVerdict } from './trust.ts';

export interface ResolvedInputs {
  readonly datasets: readonly AssetInput[];
  readonly algorithm: Algorithm;
}

interface Resolver {
  readonly assets: Assets;
  /** Encrypts to the node's key. */
  readonly seal: (text: string) => string;
  readonly trustWithoutChecksums: boolean;
}

type DatasetRequest = Omit<StartRequest['dataset'], 'transferTxId'> & { readonly transferTxId?: string };
type AlgorithmRequest = StartRequest['algorithm'];

/** What a request to start a job and one for its price have in common. */
interface InputsRequest {
  readonly consumerAddress: StartRequest['consumerAddress'];
  readonly dataset: DatasetRequest;
  readonly additionalDatasets?: readonly DatasetRequest[];
  readonly algorithm: AlgorithmRequest;
}

export interface FoundAsset extends Asset {
  readonly service: Service;
}
/** What every asset of a request names. */
interface AssetRequest {
  readonly documentId: string;
  /** May be absent where one service fits. */
  readonly serviceId?: string | undefined;
  readonly transferTxId?: string | undefined;
  readonly userdata?: unknown;
}

/** Throws REFUSED with Ocean Provider's code for the first thing that the caller must mend. */
export async function resolveInputs(request: InputsRequest, resolver: Resolver): Promise<ResolvedInputs> {
  const requested = [request.dataset, ...(request.additionalDatasets ?? [])];
  const from = { assets: readOnce(resolver.assets), consumerAddress: request.consumerAddress };
  const find: Find = (asset, resource, fitting) => findAsset(asset, resource, { ...from, fitting });
  const datasets = await Promise.all(requested.map((dataset, index) => findDataset(dataset, index, find)));
  const algorithm = await resolveAlgorithm(request.algorithm, { datasets, resolver, find });
  return {
    datasets: datasets.map((found, index) => assetInput(found, requested[index], resolver)),
    algorithm,
  };
}

const refusal = (resource: string, code: RefusalCode, message: string) => codedRefusal(resource, code, { message });

/** Which kinds of service fit where none is named. */
const ORDERED_TYPES: readonly string[] = ['access', 'compute'];

type Find = (asset: AssetRequest, resource: string, fitting?: readonly string[]) => Promise<FoundAsset>;

async function findDataset(request: DatasetRequest, index: number, find: Find): Promise<FoundAsset> {
  const resource = datasetName(index);
  const found = await find(request, resource, index === 0 ? ['compute'] : ORDERED_TYPES);
  if (found.ddo.metadata.type !== 'dataset') {
    const message = `The asset ${request.documentId} is an ${found.ddo.metadata.type}, not a dataset.`;
    throw refusal(`${resource}.documentId`, 'not_dataset', message);
  }
  if (index === 0 && found.service.type !== 'compute') {
    throw refusal(
      `${resource}.serviceId`,
      'main_service_compute',
      'The first dataset must be asked for with its compute service.',
    );
  }
  return found;
}

interface FindingFrom {
  readonly assets: Assets;
  readonly consumerAddress: string;
  readonly fitting?: readonly string[] | undefined;
}

/**
 * An asset and its service; a refusal speaks of `resource`, if it is not empty. Whether the asset is open to the caller comes first: of
 * one that was disabled, nothing else may be left to look at.
 */
export async function findAsset(
  { documentId, serviceId }: AssetRequest,
  resource: string,
  { assets, consumerAddress, fitting = ORDERED_TYPES }: FindingFrom,
): Promise<FoundAsset> {
  const asset = await assets.find(fullDid(documentId));
  if (!asset || isKeptFrom(asset, consumerAddress)) {
    throw refusal(
      fieldOf(resource, 'documentId'),
      'did_not_found',
      `This node knows no asset ${documentId} that is for ${consumerAddress}. Check the DID, and the address.`,
    );
  }
  requireAccess(asset.ddo, consumerAddress, resource);
  const service = findService(asset.ddo, { serviceId, resource, fitting });
  requireKnownService(service, { did: asset.ddo.id, consumer: consumerAddress, resource });
  return { ...asset, service };
}

interface FindingService {
  readonly serviceId: string | undefined;
  readonly resource: string;
  readonly fitting?: readonly string[];
}

/** The service that is named, or the one that fits where none is. Throws REFUSED. */
export function findService(
  { services }: Ddo,
  { serviceId, resource, fitting = ORDERED_TYPES }: FindingService,
): Service {
  const fits = services.filter(({ id, type }) => (serviceId === undefined ? fitting.includes(type) : id === serviceId));
  const [service] = fits;
  const offered = services.map(({ id }) => id).join(', ');
  if (serviceId === undefined && fits.length !== 1) {
    const message = `Name the service of the asset that you ordered; it offers: ${offered}.`;
    throw refusal(fieldOf(resource, 'serviceId'), 'missing', message);
  }
  if (!service) {
    const message = `The asset has no service ${serviceId}; it offers: ${offered}.`;
    throw refusal(fieldOf(resource, 'serviceId'), 'not_found', message);
  }
  return service;
}

function assetInput(
  { ddo, origin, service }: FoundAsset,
  request: AssetRequest | undefined,
  resolver: Resolver,
): AssetInput {
  return {
    ddo,
    serviceId: service.id,
    origin,
    ...(request?.transferTxId === undefined ? {} : { transferTxId: request.transferTxId }),
    ...sealedUserdata(request?.userdata, resolver),
  };
}

interface AlgorithmParts {
  readonly datasets: readonly FoundAsset[];
  readonly resolver: Resolver;
  readonly find: Find;
}

async function resolveAlgorithm(
  request: AlgorithmRequest,
  { datasets, resolver, find }: AlgorithmParts,
): Promise<Algorithm> {
  const trusting = datasets.map(({ service }) => service).filter(({ type }) => type === 'compute');
  // Beside a documentId, meta may hold what some clients always send; only code, or where it is, makes another algorithm of it.
  const isRaw = request.meta?.rawcode !== undefined || request.meta?.url !== undefined;
  if (request.meta && (isRaw || (!request.documentId && Object.keys(request.meta).length > 0))) {
    trusting.map(trustRaw).forEach(requireTrust);
    return rawAlgorithm(request, requireContainer(request.meta.container, 'algorithm.container'), resolver);
  }
  const { documentId, serviceId } = request;
  if (!documentId) {
    throw refusal('algorithm', 'missing_meta_documentId', 'Name the algorithm by documentId, or describe it in meta.');
  }
  const named = { ...request, documentId, serviceId };
  const found = await find(named, 'algorithm');
  const { ddo } = found;
  if (ddo.metadata.type !== 'algorithm') {
    throw refusal('algorithm', 'not_algo', `The asset ${documentId} is a ${ddo.metadata.type}, not an algorithm.`);
  }
  const container = requireContainer(plainContainer(ddo.metadata.algorithm?.container), 'algorithm.container', {
    isPublished: true,
  });
  const verdicts = trusting.map((trustingService) =>
    requireTrust(
      trustPublished(trustingService, {
        algorithm: ddo,
        container,
        trustWithoutChecksums: resolver.trustWithoutChecksums,
      }),
    ),
  );
  return {
    kind: 'published',
    asset: assetInput(found, named, resolver),
    container,
    trustedFilesChecksums: verdicts.filter((checksums) => checksums.length > 0).map((checksums) => [...checksums]),
  };
}

function rawAlgorithm(request: AlgorithmRequest, container: Container, resolver: Resolver): Algorithm {
  const { rawcode, url } = request.meta ?? {};
  if (rawcode) return { kind: 'rawcode', rawcode, container };
  if (url) {
    const sealedFiles = resolver.seal(JSON.stringify([{ type: 'url', url }]));
    return { kind: 'sealed', sealedFiles, container, ...sealedUserdata(request.userdata, resolver) };
  }
  throw refusal('algorithm.meta', 'missing_meta_documentId', 'The meta of an algorithm needs its rawcode or its url.');
}

const TRUST_MESSAGES: Readonly<Record<Extract<TrustVerdict, { kind: 'refused' }>['code'], string>> = {
  no_raw_algo_allowed:
    "The data's owner allows published algorithms only. Publish the algorithm, or choose other data.",
  not_trusted_algo: "This algorithm is not on the list of algorithms that the data's owner trusts.",
  not_trusted_algo_publisher: "The publisher of this algorithm is not one that the data's owner trusts.",
  algorithm_container_checksum_mismatch:
    "The container of this algorithm is not the one that the data's owner approved.",
};

function requireTrust(verdict: TrustVerdict): readonly string[] {
  if (verdict.kind === 'trusted') return verdict.filesChecksums;
  throw refusal('algorithm', verdict.code, verdict.detail ?? TRUST_MESSAGES[verdict.code]);
}

function sealedUserdata(userdata: unknown, { seal }: Resolver): { sealedUserdata?: string } {
  return userdata === undefined ? {} : { sealedUserdata: seal(JSON.stringify(userdata)) };
}
