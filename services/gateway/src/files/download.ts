/** A file of an `access` service, for whoever has ordered it. */
import { LRUCache } from 'lru-cache';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { DownloadQuery } from '@capstan/shared/contract/asset-requests';
import { onlyService } from './file-checks.ts';
import type { Conditions, FetchFile, SentFile } from './file-tickets.ts';
import type { Assets } from '../assets/assets.ts';
import { codedRefusal } from '../assets/refusal-codes.ts';
import { findAsset, type FoundAsset } from '../assets/find.ts';
import type { Authenticate, Caller } from '../auth/authenticate.ts';
import type { Proof } from '../auth/credentials.ts';
import { invalidSignature } from '../auth/invalid-signature.ts';
import { downloadMessage } from '../auth/message.ts';
import type { NonceBook } from '../auth/nonce-book.ts';
import type { Orders } from '../orders/orders.ts';
import type { Store } from '../store/store.ts';
import { agreementIdOf } from '../orders/agreement-id.ts';
import { requireDeliverable, requireDownloads, type Delivery } from './delivery.ts';

interface DownloadOptions {
  readonly delivery: Delivery;
  readonly assets: Assets;
  readonly orders: Pick<Orders, 'serves' | 'verifyAccess'>;
  readonly fetchFile: FetchFile;
  /** Encrypts to the node's key. */
  readonly seal: (text: string) => string;
  readonly authenticate: Authenticate;
  readonly nonces: Pick<NonceBook, 'spend'>;
  readonly store: Pick<Store, 'write'>;
  readonly clock: Clock;
}

interface Asking {
  readonly proof: Proof | undefined;
  readonly network: string;
  readonly conditions: Conditions;
  /** Charges what is asked of others. Throws TOO_MANY_REQUESTS. */
  readonly charge: () => void;
}

export type { SentFile };
export type Download = (query: DownloadQuery, asking: Asking) => Promise<SentFile>;

/** So long the same signed request may come again, to go on where it broke off. */
const CONTINUED_MS = 3_600_000;
const MOST_CONTINUED = 10_000;

interface Granted {
  readonly file: string;
  readonly untilMs: number;
}

/** Rejects with INVALID_SIGNATURE, REFUSED, NOT_FOUND, CHAIN_UNAVAILABLE or FILES_UNAVAILABLE. */
export function createDownload(options: DownloadOptions): Download {
  const { delivery, assets, orders, fetchFile, seal, authenticate, nonces, store, clock } = options;
  /** By address and nonce: what was ordered and given already. */
  const granted = new LRUCache<string, Granted>({ max: MOST_CONTINUED });

  /** Whether this very file was given to this very request. The signature says nothing of the file: its first use does. */
  const isContinued = (key: string, file: string): boolean => {
    const known = granted.get(key);
    if (!known || known.untilMs <= clock.monotonicMs()) return false;
    if (known.file === file) return true;
    throw invalidSignature('This nonce was used for another file. Sign each file with a nonce of its own.');
  };

  const requireOrder = async ({ ddo, service }: FoundAsset, query: DownloadQuery, { address }: Caller) => {
    requireDeliverable({ ddo }, address, { delivery, orders });
    if (!orders.serves(ddo.chainId)) return;
    const { transferTxId } = query;
    const named = transferTxId === undefined ? undefined : agreementIdOf(transferTxId);
    await orders.verifyAccess({ resource: 'dataset', ddo, service, transferTxId: named }, address);
  };

  return async (query, { proof, network, conditions, charge }) => {
    const { documentId, consumerAddress, nonce, signature, userdata } = query;
    requireDownloads(delivery);
    const signing = { purpose: 'download', text: (signed: string) => downloadMessage(documentId, signed) } as const;
    const caller = await authenticate.prove({ consumerAddress, nonce, signature }, signing, proof);
    const key = `${caller.address} ${caller.nonce}`;
    const fileIndex = Number(query.fileIndex ?? '0');
    const file = JSON.stringify([documentId, query.serviceId, query.transferTxId, fileIndex, userdata]);
    const goesOn = caller.spends && isContinued(key, file);
    if (!goesOn) authenticate.admit(caller);
    charge();
    const found = await findAsset(query, '', { assets, consumerAddress: caller.address, fitting: ['access'] });
    if (found.service.type !== 'access') throw notForAccess(found.service.id);
    if (!goesOn) await requireOrder(found, query, caller);
    const { ddo, origin, service } = found;
    const sealed = userdata === undefined ? {} : { sealedUserdata: seal(JSON.stringify(userdata)) };
    const asset = { ...onlyService({ ddo, serviceId: service.id, origin }), ...sealed };
    const sent = await fetchFile({ asset, fileIndex }, conditions);
    if (goesOn || !caller.spends) return sent;
    try {
      await store.write(() => nonces.spend(caller.address, caller.nonce, network));
    } catch (error) {
      sent.body.destroy();
      throw error;
    }
    granted.set(key, { file, untilMs: clock.monotonicMs() + CONTINUED_MS });
    return sent;
  };
}

function notForAccess(serviceId: string): Error {
  const message = `The service ${serviceId} is for computing only: its data does not leave. Name an access service.`;
  return codedRefusal('serviceId', 'service_not_access', message);
}
