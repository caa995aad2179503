/** The only place where an asset's addresses are decrypted. What it returns is used and forgotten, never logged or kept. */
import { SealedFilesSchema, type AssetFile, type Service } from '@capstan/shared/contract/ddo';
import type { AssetInput } from '@capstan/shared/contract/job';
import { CapstanError } from '@capstan/shared/contract/errors';
import { isUnderOwnDid } from '@capstan/shared/assets/asset-did';
import { BUS_JSON_BOUNDS, readJson } from '@capstan/shared/runtime/json';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { unseal } from '@capstan/shared/crypto/seal';
import { compile } from '@capstan/shared/schema/validate';
import type { Held } from './kinds/provider.ts';
import type { UserData } from './source.ts';

const validate = compile(SealedFilesSchema);

const unreadable = (text: string) => new CapstanError('FETCH_FAILED', text);

/** Where the files of a service are: known here, or to the provider that holds them. */
export type Located =
  | { readonly kind: 'here'; readonly files: readonly AssetFile[] }
  | { readonly kind: 'held'; readonly held: Held };

/** What tells this node's own services from those of others. */
export interface OwnNode {
  readonly key: NodeKey;
  /** Where clients reach this node, if it was said; where it listens. */
  readonly publicUrl: string | undefined;
  readonly listensAt: string;
  /** Whether published assets may hold their files as a bare list, which names no token. */
  readonly allowUnboundFiles: boolean;
}

/** The files of an asset's service. Sealed files that name their token can't be moved to another asset. */
export function locate(asset: AssetInput, own: OwnNode): Located {
  const { ddo, serviceId, origin = 'store' } = asset;
  const service = ddo.services.find(({ id }) => id === serviceId);
  if (!service) throw unreadable(`the asset has no service ${serviceId}`);
  // Before anything is decrypted: the gateway has looked, too, and what it looked at came over the bus.
  if (origin !== 'catalogue' && !isUnderOwnDid(ddo)) {
    throw unreadable('its id is not the one that follows from its NFT and its chain, so its description may be a copy');
  }
  if (!isHeldHere(service, own)) return { kind: 'held', held: heldBy(service, asset) };
  const sealed = decrypt(service.files, own.key);
  if (Array.isArray(sealed)) {
    if (origin !== 'catalogue' && !own.allowUnboundFiles) throw unbound();
  } else {
    const isOwn =
      isSameAddress(sealed.datatokenAddress, service.datatokenAddress) &&
      isSameAddress(sealed.nftAddress, ddo.nftAddress);
    if (!isOwn) throw unreadable('its encrypted files belong to another asset');
  }
  const files = Array.isArray(sealed) ? sealed : sealed.files;
  // Anybody can publish a description: it must not reach what the operator keeps on this machine.
  if (origin !== 'catalogue') requirePublishable(files);
  return { kind: 'here', files };
}

const unbound = () =>
  unreadable(
    'its encrypted files are a bare list, which names no token, so anybody may have copied it (assets.allowUnboundFiles). Its owner can publish them anew with nftAddress and datatokenAddress',
  );

/**
 * The endpoint says who holds the files. A node that was not told its public address can't recognise it there: then files that are
 * encrypted to its key are its own.
 */
function isHeldHere({ serviceEndpoint, files }: Service, { key, publicUrl, listensAt }: OwnNode): boolean {
  if (!serviceEndpoint) return true;
  const origin = URL.parse(serviceEndpoint)?.origin;
  if (origin === URL.parse(publicUrl ?? listensAt)?.origin) return true;
  return publicUrl === undefined && isSealedTo(key, files);
}

function heldBy({ id, serviceEndpoint = '' }: Service, { ddo, transferTxId }: AssetInput): Held {
  if (transferTxId === undefined) throw unreadable('another provider holds it, and there is no order to show there');
  return { endpoint: serviceEndpoint, documentId: ddo.id, serviceId: id, transferTxId };
}

function isSealedTo(key: NodeKey, sealed: string): boolean {
  try {
    unseal(key, sealed);
    return true;
  } catch {
    return false;
  }
}

/** The files of an algorithm that was given by its address. */
export function filesOfText(sealed: string, key: NodeKey): readonly AssetFile[] {
  const content = decrypt(sealed, key);
  const files = Array.isArray(content) ? content : content.files;
  requirePublishable(files);
  return files;
}

function requirePublishable(files: readonly AssetFile[]): void {
  if (files.some(({ type }) => type === 'catalogue' || type === 'result')) {
    throw unreadable('it names a file that this node keeps, which only the catalogue itself may');
  }
}

export function userdataOf(sealed: string | undefined, key: NodeKey): UserData {
  if (sealed === undefined) return {};
  const value = parseJson(unseal(key, sealed));
  if (typeof value !== 'object' || value === null) throw unreadable("the consumer's parameters are not an object");
  return value as UserData;
}

function decrypt(sealed: string, key: NodeKey) {
  const checked = validate(withoutBlanks(parseJson(unseal(key, sealed))));
  if (checked.ok) return checked.value;
  throw unreadable('its encrypted files are of a kind that this node does not know');
}

/** Publishers write null, or an empty list or text, for headers and methods that they have none of, and an address without saying that it is one. */
function withoutBlanks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutBlanksInFile);
  if (typeof value !== 'object' || value === null || !('files' in value)) return value;
  return Array.isArray(value.files) ? { ...value, files: value.files.map(withoutBlanksInFile) } : value;
}

function withoutBlanksInFile(file: unknown): unknown {
  if (typeof file !== 'object' || file === null || Array.isArray(file)) return file;
  const isBlank = (member: unknown) =>
    member === null || member === '' || (Array.isArray(member) && member.length === 0);
  const written = Object.fromEntries(Object.entries(file).filter(([, member]) => !isBlank(member)));
  return 'url' in written && !('type' in written) ? { ...written, type: 'url' } : written;
}

/** Whoever wrote it decides how deep and how wide it is. */
function parseJson(text: string): unknown {
  const read = readJson(text, BUS_JSON_BOUNDS);
  if (read.kind === 'value') return read.value;
  throw unreadable(`its encrypted part ${read.problem}`);
}

const isSameAddress = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
