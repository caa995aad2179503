/** A description that somebody published, PURE: it is checked like anything that comes from outside. */
import { Type } from 'typebox';
import { DdoSchema, type Ddo } from '@capstan/shared/contract/ddo';
import { DidSchema, type Did } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import { compile } from '@capstan/shared/validate';

const validate = compile(DdoSchema);

/** What a store keeps of an asset that is not active any more: that it is not. */
const validateRest = compile(
  Type.Object({
    id: DidSchema,
    nft: Type.Object({ state: Type.Number() }),
    services: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 0 })),
  }),
);

/** Throws REFUSED, with the words that Ocean Provider has for it, if it is no description of this asset. */
export function parsePublished(text: string, did: Did): Ddo {
  const value = parseJson(text);
  const rest = validateRest(value);
  if (rest.ok && rest.value.nft.state !== 0 && rest.value.id === did) return nothingLeft(did, rest.value.nft);
  const checked = validate(value);
  if (!checked.ok) throw malformed(Object.values(checked.errors).flat().join(' '));
  if (checked.value.id !== did) throw malformed('Its id is another DID.');
  return checked.value;
}

export function malformed(why: string): CapstanError {
  return new CapstanError('REFUSED', `The asset's description in the metadata store can not be used. ${why}`, {
    refusal: 'Asset malformed',
  });
}

/** An asset without services, whose state says why. */
function nothingLeft(id: Did, { state }: { readonly state: number }): Ddo {
  return { id, nftAddress: '', chainId: 0, version: '', metadata: { type: 'dataset' }, services: [], nft: { state } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw malformed('It is no JSON.');
  }
}
