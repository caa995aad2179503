/** The algorithm of a request: published or raw, and trusted by the owners of all data. */
import { plainContainer, type Container } from '@capstan/shared/contract/ddo';
import type { StartRequest } from '@capstan/shared/contract/api';
import type { Algorithm } from '@capstan/shared/contract/job';
import { assetInput, sealedUserdata, type Seal } from './asset-input.ts';
import { requireContainer } from './container.ts';
import type { AssetRequest, FoundAsset } from './find.ts';
import { codedRefusal } from './refusal-codes.ts';
import { trustPublished, trustRaw, type TrustVerdict } from './trust.ts';

export type AlgorithmRequest = StartRequest['algorithm'];

/** `fitting`: which kinds of service fit where none is named. */
export type Find = (asset: AssetRequest, resource: string, fitting?: readonly string[]) => Promise<FoundAsset>;

interface AlgorithmParts {
  readonly datasets: readonly FoundAsset[];
  readonly find: Find;
  readonly seal: Seal;
  readonly trustWithoutChecksums: boolean;
}

/** The algorithm that a request names or describes, once every compute service trusts it. Throws REFUSED. */
export async function resolveAlgorithm(
  request: AlgorithmRequest,
  { datasets, find, seal, trustWithoutChecksums }: AlgorithmParts,
): Promise<Algorithm> {
  const trusting = datasets.map(({ service }) => service).filter(({ type }) => type === 'compute');
  // Beside a documentId, meta may hold what some clients always send; only code, or where it is, makes another algorithm of it.
  const isRaw = request.meta?.rawcode !== undefined || request.meta?.url !== undefined;
  if (request.meta && (isRaw || (!request.documentId && Object.keys(request.meta).length > 0))) {
    trusting.map(trustRaw).forEach(requireTrust);
    return rawAlgorithm(request, requireContainer(request.meta.container, 'algorithm.container'), seal);
  }
  const { documentId, serviceId } = request;
  if (!documentId) {
    throw codedRefusal(
      'algorithm',
      'missing_meta_documentId',
      'Name the algorithm by documentId, or describe it in meta.',
    );
  }
  const named = { ...request, documentId, serviceId };
  const found = await find(named, 'algorithm');
  const { ddo } = found;
  if (ddo.metadata.type !== 'algorithm') {
    throw codedRefusal('algorithm', 'not_algo', `The asset ${documentId} is a ${ddo.metadata.type}, not an algorithm.`);
  }
  const container = requireContainer(plainContainer(ddo.metadata.algorithm?.container), 'algorithm.container', {
    isPublished: true,
  });
  const verdicts = trusting.map((trustingService) =>
    requireTrust(
      trustPublished(trustingService, {
        algorithm: ddo,
        container,
        trustWithoutChecksums,
      }),
    ),
  );
  return {
    kind: 'published',
    asset: assetInput(found, named, seal),
    container,
    trustedFilesChecksums: verdicts.filter((checksums) => checksums.length > 0).map((checksums) => [...checksums]),
  };
}

function rawAlgorithm(request: AlgorithmRequest, container: Container, seal: Seal): Algorithm {
  const { rawcode, url } = request.meta ?? {};
  if (rawcode) return { kind: 'rawcode', rawcode, container };
  if (url) {
    const sealedFiles = seal(JSON.stringify([{ type: 'url', url }]));
    return { kind: 'sealed', sealedFiles, container, ...sealedUserdata(request.userdata, seal) };
  }
  throw codedRefusal(
    'algorithm.meta',
    'missing_meta_documentId',
    'The meta of an algorithm needs its rawcode or its url.',
  );
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
  throw codedRefusal('algorithm', verdict.code, verdict.detail ?? TRUST_MESSAGES[verdict.code]);
}
