/** Whether files of an asset may be downloaded here, PURE: who sells something must be able to deliver it. */
import type { Config } from '@capstan/shared/config/schema';
import { CapstanError } from '@capstan/shared/contract/errors';
import { isOnAllowList } from '../assets/access.ts';
import type { Asset } from '../assets/assets.ts';
import type { Orders } from '../orders/orders.ts';

export interface Delivery {
  /** Whether anything is downloaded here at all. */
  readonly isOn: boolean;
  /** Whether also without an order, where this node has no chain to look one up on. */
  readonly isFree: boolean;
}

type Settings = Pick<Config['gateway'], 'download' | 'freeDownloads'>;

export const deliveryOf = ({ download, freeDownloads }: Settings): Delivery => ({
  isOn: download,
  isFree: freeDownloads,
});

interface Delivering {
  readonly delivery: Delivery;
  readonly orders: Pick<Orders, 'serves'>;
}

/** Throws REFUSED. Who is named on a list of the asset's owner needs no order where there is no chain. */
export function requireDeliverable(
  { ddo }: Pick<Asset, 'ddo'>,
  caller: string,
  { delivery, orders }: Delivering,
): void {
  requireDownloads(delivery);
  if (orders.serves(ddo.chainId) || delivery.isFree || isOnAllowList(ddo, caller)) return;
  const text = `No order can be looked up here: this node has no access to chain ${ddo.chainId}. Without one it gives files only to consumers whom the asset lists, or where gateway.freeDownloads is on.`;
  throw refused('Downloads need an order.', text);
}

export function requireDownloads({ isOn }: Delivery): void {
  if (isOn) return;
  throw refused('Downloads are turned off.', 'The operator of this node lets nobody download (gateway.download).');
}

const refused = (refusal: string, message: string) => new CapstanError('REFUSED', message, { refusal });
