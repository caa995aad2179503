/** The only place where an asset's addresses are decrypted. What it returns is used and forgotten, never logged or kept. */
import { SealedFilesSchema, type AssetFile } from '@capstan/shared/contract/ddo';
import type { AssetInput } from '@capstan/shared/contract/job';
import { CapstanError } from '@capstan/shared/errors';
import type { NodeKey } from '@capstan/shared/node-key';
import { unseal } from '@capstan/shared/seal';
import { compile } from '@capstan/shared/validate';
import type { UserData } from './download.ts';

const validate = compile(SealedFilesSchema);

const unreadable = (text: string) => new CapstanError('FETCH_FAILED', text);

/** The files of an asset's service. Sealed files that name their token can't be moved to another asset. */
export function filesOf({ ddo, serviceId }: AssetInput, key: NodeKey): readonly AssetFile[] {
  const service = ddo.services.find(({ id }) => id === serviceId);
  if (!service) throw unreadable(`the asset has no service ${serviceId}`);
  const sealed = decrypt(service.files, key);
  if (Array.isArray(sealed)) return sealed;
  const isOwn =
    isSameAddress(sealed.datatokenAddress, service.datatokenAddress) &&
    isSameAddress(sealed.nftAddress, ddo.nftAddress);
  if (!isOwn) throw unreadable('its encrypted files belong to another asset');
  return sealed.files;
}

/** The files of an algorithm that was given by its address. */
export function filesOfText(sealed: string, key: NodeKey): readonly AssetFile[] {
  const files = decrypt(sealed, key);
  return Array.isArray(files) ? files : files.files;
}

export function userdataOf(sealed: string | undefined, key: NodeKey): UserData {
  if (sealed === undefined) return {};
  const value = parseJson(unseal(key, sealed));
  if (typeof value !== 'object' || value === null) throw unreadable("the consumer's parameters are not an object");
  return value as UserData;
}

function decrypt(sealed: string, key: NodeKey) {
  const checked = validate(parseJson(unseal(key, sealed)));
  if (checked.ok) return checked.value;
  throw unreadable('its encrypted files are of a kind that this node does not know');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unreadable('its encrypted part does not hold JSON');
  }
}

const isSameAddress = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
