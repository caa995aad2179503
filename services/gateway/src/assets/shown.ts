/** Whom a description of the node's own catalogue is shown to, PURE: it may be on a list, and it may be nobody's business at all. */
import type { Ddo } from '@capstan/shared/contract/ddo';
import { accessRefusal } from './access.ts';
import type { Asset } from './assets.ts';

/** Nobody's address: on no list that names anybody. */
const NOBODY = '';

/** What its owner took back: at its end, deprecated, or revoked. */
const TAKEN_BACK: readonly number[] = [1, 2, 3];

/** `caller`: who has proven to be there, if anybody. Of a metadata store's descriptions, that store decides itself. */
export function isShown({ ddo, origin }: Asset, caller: string | undefined): boolean {
  return origin !== 'catalogue' || isShownFromCatalogue(ddo, caller);
}

export function isShownFromCatalogue(ddo: Ddo, caller: string | undefined): boolean {
  return !isOfResults(ddo) && !isTakenBack(ddo) && !isForOthers(ddo, caller ?? NOBODY);
}

/**
 * Whether an asset of the catalogue is for listed consumers, and this is none of them: who orders it hears what they would hear if it were not
 * there. The address need not be proven, since clients ask for quotes without a signature.
 */
export function isKeptFrom({ ddo, origin }: Asset, consumer: string): boolean {
  return origin === 'catalogue' && isForOthers(ddo, consumer);
}

const isForOthers = (ddo: Ddo, consumer: string): boolean =>
  accessRefusal({ ...ddo, nft: {}, indexedMetadata: {} }, consumer) === 'credential_not_in_allow_list';

/** Results of a job are in the catalogue for its owner's next job. Their name may hold the job's id, which opens its status. */
export function isOfResults({ metadata, services }: Ddo): boolean {
  return services.length === 1 && services[0]?.id === 'results' && /^Results of (a )?job\b/.test(metadata.name ?? '');
}

function isTakenBack({ nft, indexedMetadata }: Ddo): boolean {
  return [nft?.state, indexedMetadata?.nft?.state].some((state) => state !== undefined && TAKEN_BACK.includes(state));
}
