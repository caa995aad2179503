/** Whether an asset may be used at all, and by whom, PURE. Source: the wire contract, §9. */
import type { Ddo } from '@capstan/shared/contract/ddo';
import { CapstanError } from '@capstan/shared/errors';

export type AccessRefusal =
  | 'asset_disabled'
  | 'credential_in_deny_list'
  | 'credential_not_in_allow_list'
  | 'service_not_access_compute';

type Credentials = NonNullable<NonNullable<Ddo['credentials']>['allow']>;

/** What speaks against it, or undefined. Who is denied stays denied, also when somebody allowed them. */
export function accessRefusal({ nft, credentials }: Ddo, consumer: string): AccessRefusal | undefined {
  if ((nft?.state ?? 0) !== 0) return 'asset_disabled';
  if (names(credentials?.deny ?? [], consumer)) return 'credential_in_deny_list';
  // A list whose entries are all empty is one that was never filled. One of another kind than addresses is not ours to check: nobody passes.
  const allowing = (credentials?.allow ?? []).filter(({ values }) => values && values.length > 0);
  if (allowing.length > 0 && !names(allowing, consumer)) return 'credential_not_in_allow_list';
  return undefined;
}

function names(list: Credentials, consumer: string): boolean {
  return list
    .filter(({ type }) => type === 'address')
    .flatMap(({ values }) => values ?? [])
    .some((value) => typeof value === 'string' && value.toLowerCase() === consumer.toLowerCase());
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
  if (code) throw refused(code, fieldOf(resource, 'documentId'));
}

export function requireKnownService({ type }: Ddo['services'][number], resource: string): void {
  if (type !== 'access' && type !== 'compute')
    throw refused('service_not_access_compute', fieldOf(resource, 'serviceId'));
}

const refused = (code: AccessRefusal, resource: string) =>
  new CapstanError('REFUSED', MESSAGES[code], { refusal: { [resource]: code } });
