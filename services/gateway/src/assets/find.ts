/** An asset that a request names, and the service of it, as far as the caller may see them. */
import type { Ddo, Service } from '@capstan/shared/contract/ddo';
import { fullDid } from '@capstan/shared/contract/ids';
import { fieldOf, requireAccess, requireKnownService } from './access.ts';
import type { Asset, Assets } from './assets.ts';
import { codedRefusal } from './refusal-codes.ts';
import { isKeptFrom } from './shown.ts';

export interface FoundAsset extends Asset {
  readonly service: Service;
}

/** What every asset of a request names. */
export interface AssetRequest {
  readonly documentId: string;
  /** May be absent where one service fits. */
  readonly serviceId?: string | undefined;
  readonly transferTxId?: string | undefined;
  readonly userdata?: unknown;
}

/** Which kinds of service fit where none is named. */
export const ORDERED_TYPES: readonly string[] = ['access', 'compute'];

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
    throw codedRefusal(
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
    throw codedRefusal(fieldOf(resource, 'serviceId'), 'missing', message);
  }
  if (!service) {
    const message = `The asset has no service ${serviceId}; it offers: ${offered}.`;
    throw codedRefusal(fieldOf(resource, 'serviceId'), 'not_found', message);
  }
  return service;
}
