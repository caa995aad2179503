/** Identifiers. Each is a type of its own once parsed, so that a DID can't be passed where a job id is meant. */
import { Type } from 'typebox';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** 32 lower-case hexadecimal characters; also a valid NATS token and part of container names. */
export type JobId = Branded<'JobId'>;
/** `did:op:` and 64 hexadecimal characters. */
export type Did = Branded<'Did'>;
/** An Ethereum address in lower case. Show it with its checksum, compare it like this. */
export type Address = Branded<'Address'>;
/** A decimal number as text, up to 78 digits, perhaps with a fraction. */
export type Nonce = Branded<'Nonce'>;
/** The name of a compute environment: letters, digits, `-` and `_`, so that it is a valid NATS token. */
export type EnvironmentId = Branded<'EnvironmentId'>;

export const JobIdSchema = Type.Unsafe<JobId>(Type.String({ pattern: '^[0-9a-f]{32}$' }));
export const DidSchema = Type.Unsafe<Did>(Type.String({ pattern: '^did:op:[0-9a-fA-F]{64}$' }));
export const EnvironmentIdSchema = Type.Unsafe<EnvironmentId>(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }));
export const AddressSchema = Type.Unsafe<Address>(Type.String({ pattern: '^0x[0-9a-f]{40}$' }));

/** As an asset's DDO has it, or without the prefix; then with a letter, so that it can't be read as a part of the nonce after it. */
export const AnyDid = Type.String({
  pattern: '^(did:op:[0-9a-fA-F]{64}|(?=[0-9]*[a-fA-F])[0-9a-fA-F]{64})$',
  description: 'A DID: `did:op:` and 64 hexadecimal characters.',
});

const patterns = {
  jobId: /^[0-9a-f]{32}$/,
  did: /^did:op:[0-9a-fA-F]{64}$/,
  address: /^0x[0-9a-fA-F]{40}$/,
  nonce: /^(?=.{1,79}$)\d{1,78}(\.\d{1,77})?$/,
} as const;

export function parseJobId(text: string): JobId | undefined {
  return patterns.jobId.test(text) ? (text as JobId) : undefined;
}

/** As clients may write it: in capitals, too. */
export const readJobId = (text: string): JobId | undefined => parseJobId(text.toLowerCase());

/** As clients may write it: without its prefix, too. Anything else stays what it is, and names nothing. */
export const fullDid = (text: string): string => (/^[0-9a-fA-F]{64}$/.test(text) ? `did:op:${text}` : text);

export function parseDid(text: string): Did | undefined {
  return patterns.did.test(text) ? (text as Did) : undefined;
}

export function parseAddress(text: string): Address | undefined {
  return patterns.address.test(text) ? (text.toLowerCase() as Address) : undefined;
}

export function parseNonce(text: string): Nonce | undefined {
  return patterns.nonce.test(text) ? (text as Nonce) : undefined;
}

/** A DID without its method prefix: the folder name that algorithms find their inputs under. */
export function didSuffix(did: string): string {
  return did.replace(/^did:op:/, '');
}
