/** A request's parameters: from the query first, then from the body what the query lacks. An empty or null one counts as absent. */
import type { ParsedUrlQuery } from 'node:querystring';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { FieldErrors, Validator } from '@capstan/shared/schema/validate';
import type { Proof } from '../auth/credentials.ts';
import { createUnpack, isPresent } from './unpack.ts';

type Fields = Readonly<Record<string, unknown>>;

export function parameters(query: ParsedUrlQuery, body: Fields = {}): Fields {
  const unpack = createUnpack();
  // Without a prototype: a parameter may be called `__proto__`.
  const present = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(body)) {
    if (isPresent(value)) present[name] = unpack(name, value);
  }
  for (const [name, given] of Object.entries(query)) {
    const value = Array.isArray(given) ? given[0] : given;
    if (isPresent(value)) present[name] = unpack(name, value);
  }
  return present;
}

/** The value with its type. Throws VALIDATION that names every bad field. */
export function checked<T>(validate: Validator<T>, value: unknown): T {
  const result = validate(value);
  if (result.ok) return result.value;
  throw invalid(result.errors);
}

/** The same for a request that is signed, or that brings something else as proof: of that, too, address and nonce are taken. */
export function checkedSigned<T>(
  validate: Validator<T>,
  value: Fields,
  proof: Proof | undefined,
  addressAs: 'consumerAddress' | 'address' = 'consumerAddress',
): T {
  const result = validate({ ...provenFields(proof, addressAs, value), ...value, ...nonceOf(proof) });
  const isUnsigned = proof === undefined && !Object.hasOwn(value, 'signature');
  const missing = isUnsigned ? { signature: ['The signature field is required.'] } : {};
  if (!result.ok) throw invalid({ ...missing, ...result.errors });
  if (isUnsigned) throw invalid(missing);
  return result.value;
}

function provenFields(proof: Proof | undefined, addressAs: string, { nonce = '0' }: Fields): Fields {
  switch (proof?.kind) {
    case 'typed':
      return { [addressAs]: proof.header.address };
    case 'ticket':
      return { [addressAs]: proof.identity.address, nonce };
    case 'token':
    case undefined:
      return {};
  }
}

const nonceOf = (proof: Proof | undefined): Fields => (proof?.kind === 'typed' ? { nonce: proof.header.nonce } : {});

function invalid(fields: FieldErrors): CapstanError {
  return new CapstanError('VALIDATION', 'Validation error', { fields });
}
