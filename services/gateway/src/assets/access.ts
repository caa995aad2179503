/** Whether an asset may be used at all, and by whom, PURE. Source: the wire contract, §9. */
import type { Ddo, Service } from '@capstan/shared/contract/ddo';
import { CapstanError } from '@capstan/shared/contract/errors';
import { codedRefusal } from './refusal-codes.ts';

export type AccessRefusal =
  | 'asset_disabled'
  | 'credential_in_deny_list'
  | 'credential_not_in_allow_list'
  | 'service_not_access_compute';

type Credentials = NonNullable<NonNullable<Ddo['credentials']>['allow']>;

/** What speaks against it, or undefined. Who is denied stays denied, also when somebody allowed them. */
export function accessRefusal(ddo: Ddo, consumer: string): AccessRefusal | undefined {
  if (statesOf(ddo).some((state) => !ORDERABLE.includes(state))) return 'asset_disabled';
  return credentialsRefusal(ddo.credentials, consumer);
}

/** Of an asset, or of one of its services. */
function credentialsRefusal(credentials: Ddo['credentials'], consumer: string): AccessRefusal | undefined {
  const denying = (credentials?.deny ?? []).filter(isFilled);
  // Who is on a list that this node can not read, it can not let through.
  if (denying.some(({ type }) => !isOfAddresses(type)) || names(denying, consumer)) return 'credential_in_deny_list';
  const allowing = (credentials?.allow ?? []).filter(isFilled);
  if (allowing.length === 0) return undefined;
  const mustMatchAll = credentials?.match_allow === 'all';
  const isAllowed = mustMatchAll ? allowing.every((one) => names([one], consumer)) : names(allowing, consumer);
  return isAllowed ? undefined : 'credential_not_in_allow_list';
}

/** Whether an owner has named this very address among those who may. */
export function isOnAllowList({ credentials }: Ddo, consumer: string): boolean {
  const named = (credentials?.allow ?? []).filter(isFilled);
  return named.some(({ type, values, ...list }) => {
    const own = (values ?? []).filter((value) => value !== '*' && !isEverybody(value));
    return names([{ ...list, type, values: own }], consumer);
  });
}

const isEverybody = (value: unknown) =>
  typeof value === 'object' && value !== null && 'address' in value && value.address === '*';

/** A list whose entries are all empty is one that was never filled. */
function isFilled({ values, accessList }: Credentials[number]): boolean {
  return (values ?? []).length > 0 || (accessList ?? undefined) !== undefined;
}

const isOfAddresses = (type: string) => type.toLowerCase() === 'address';

/** Active, and unlisted: not shown in markets, and still to be had by whoever knows of it. */
const ORDERABLE: readonly number[] = [0, 5];

/** Wherever a state is said: two that differ come from an indexer that is behind with one of them. */
function statesOf({ nft, indexedMetadata }: Ddo): readonly number[] {
  return [nft?.state, indexedMetadata?.nft?.state].filter((state) => state !== undefined);
}

/** Who owns the NFT of an asset, in lower case, as far as its description says. */
export function ownerOf({ nft, indexedMetadata }: Ddo): string | undefined {
  return (nft?.owner ?? indexedMetadata?.nft?.owner)?.toLowerCase();
}

/** Of the kinds of lists, this one can be checked here. Each value is an address, or an object that holds one; `*` is everybody. */
function names(list: Credentials, consumer: string): boolean {
  return list
    .filter(({ type }) => isOfAddresses(type))
    .flatMap(({ values }) => values ?? [])
    .map((value) => (typeof value === 'object' && value !== null && 'address' in value ? value.address : value))
    .some((value) => value === '*' || (typeof value === 'string' && value.toLowerCase() === consumer.toLowerCase()));
}

const MESSAGES: Readonly<Record<AccessRefusal, string>> = {
  asset_disabled: 'The owner of this asset has disabled it.',
  credential_in_deny_list: 'The owner of this asset does not let this consumer address use it.',
  credential_not_in_allow_list:
    'The owner of this asset lets only listed consumers use it, and this address is not one.',
  service_not_access_compute: 'This service is neither for access nor for computing. Choose another one of the asset.',
};

/** A field of a resource, or of the request itself if that is the resource. */
export function fieldOf(resource: string, field: string): string {
  return resource === '' ? field : `${resource}.${field}`;
}

/** Throws REFUSED in the name of what the caller can choose otherwise. */
export function requireAccess(ddo: Ddo, consumer: string, resource: string): void {
  const code = accessRefusal(ddo, consumer);
  if (code) throw refused(code, fieldOf(resource, 'documentId'), ddo.id);
}

/** The service, as one that the caller may use and this node can read. */
export function requireKnownService(
  service: Service,
  { did, consumer, resource }: { readonly did: string; readonly consumer: string; readonly resource: string },
): void {
  const { type, problems, credentials } = service;
  if (problems) {
    throw new CapstanError('REFUSED', `The asset's description can not be used. ${problems.join(' ')}`, {
      refusal: 'Asset malformed',
    });
  }
  const code = credentialsRefusal(credentials, consumer);
  if (code) throw refused(code, fieldOf(resource, 'serviceId'), did);
  if (type !== 'access' && type !== 'compute')
    throw refused('service_not_access_compute', fieldOf(resource, 'serviceId'), did);
}

/** Ocean Provider's words, which portals look for to say it in theirs; undefined where a code by its field is what they read. */
function providerWords(code: AccessRefusal, did: string): string | undefined {
  switch (code) {
    case 'asset_disabled':
      return 'Asset is not consumable.';
    case 'credential_in_deny_list':
    case 'credential_not_in_allow_list':
      return `Error: Access to asset ${did} was denied with code: ConsumableCodes.${code.toUpperCase()}.`;
    case 'service_not_access_compute':
      return undefined;
  }
}

function refused(code: AccessRefusal, resource: string, did: string): CapstanError {
  const words = providerWords(code, did);
  // Where their words name no field, ours do.
  const message = words === undefined ? MESSAGES[code] : `${MESSAGES[code]} (${resource}: ${code})`;
  return words === undefined
    ? codedRefusal(resource, code, message)
    : new CapstanError('REFUSED', message, { refusal: words, reason: code });
}
