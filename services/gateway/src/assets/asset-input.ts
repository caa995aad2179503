/** An asset as the runner gets it, with what its caller adds sealed to the node. */
import type { AssetInput } from '@capstan/shared/contract/job';
import type { AssetRequest, FoundAsset } from './find.ts';

/** Encrypts to the node's key. */
export type Seal = (text: string) => string;

export function assetInput(
  { ddo, origin, service }: FoundAsset,
  request: AssetRequest | undefined,
  seal: Seal,
): AssetInput {
  return {
    ddo,
    serviceId: service.id,
    origin,
    ...(request?.transferTxId === undefined ? {} : { transferTxId: request.transferTxId }),
    ...sealedUserdata(request?.userdata, seal),
  };
}

export function sealedUserdata(userdata: unknown, seal: Seal): { sealedUserdata?: string } {
  return userdata === undefined ? {} : { sealedUserdata: seal(JSON.stringify(userdata)) };
}
