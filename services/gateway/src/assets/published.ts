/** A description that somebody published, PURE: it is checked like anything that comes from outside. */
import { Type } from 'typebox';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { isUnderOwnDid } from '@capstan/shared/assets/asset-did';
import { DidSchema, type Did } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import { readJson } from '@capstan/shared/runtime/json';
import { readDdo } from '@capstan/shared/assets/read-ddo';
import { compile } from '@capstan/shared/schema/validate';

/** What a store keeps of an asset that is not active any more: that it is not. */
const Rest = { id: DidSchema, services: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 0 })) };
const Nft = Type.Object({ state: Type.Number() });
const validateRest = compile(Type.Object({ ...Rest, nft: Nft }));
const validateIndexedRest = compile(Type.Object({ ...Rest, indexedMetadata: Type.Object({ nft: Nft }) }));

/** Throws REFUSED, with the words that Ocean Provider has for it, if it is no description of this asset. */
export function parsePublished(text: string, did: Did): Ddo {
  const read = readJson(text);
  if (read.kind === 'refused') throw malformed(`It ${read.problem}.`);
  const { value } = read;
  const state = stateOfRest(value, did);
  if (state !== undefined && state !== 0) return nothingLeft(did, state);
  const checked = readDdo(value);
  if (!checked.ok) throw malformed(Object.values(checked.errors).flat().join(' '));
  if (checked.value.id !== did) throw malformed('Its id is another DID.');
  if (!isUnderOwnDid(checked.value)) {
    throw malformed('Its id is not the one that follows from its nftAddress and chainId: it may be a copy.');
  }
  return checked.value;
}

export function malformed(why: string): CapstanError {
  return new CapstanError('REFUSED', `The asset's published description can not be used. ${why}`, {
    refusal: 'Asset malformed',
  });
}

/** An asset without services, whose state says why. */
function nothingLeft(id: Did, state: number): Ddo {
  return { id, nftAddress: '', chainId: 0, version: '', metadata: { type: 'dataset' }, services: [], nft: { state } };
}

function stateOfRest(value: unknown, did: Did): number | undefined {
  const rest = validateRest(value);
  if (rest.ok) return rest.value.id === did ? rest.value.nft.state : undefined;
  const indexed = validateIndexedRest(value);
  return indexed.ok && indexed.value.id === did ? indexed.value.indexedMetadata.nft.state : undefined;
}
