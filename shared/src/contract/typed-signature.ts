/**
 * Typed signatures (EIP-712), PURE: what a client signs to make one request to one node, and the header that carries it. Unlike the texts
 * without separators that Ocean's clients sign, it names the node, the route, the body and an end.
 */

export const TYPED_HEADER = 'Capstan-Signature';

/** How far ahead it may expire. */
export const TYPED_LASTS_S = 300;

/** No chainId: wallets refuse a foreign one, and a node has several chains or none. */
export const typedDomain = (providerAddress: string) =>
  ({ name: 'Capstan', version: '1', verifyingContract: providerAddress }) as const;

export const TYPED_TYPES = {
  Request: [
    { name: 'method', type: 'string' },
    { name: 'path', type: 'string' },
    { name: 'query', type: 'string' },
    { name: 'bodyHash', type: 'bytes32' },
    { name: 'consumer', type: 'address' },
    { name: 'nonce', type: 'uint256' },
    { name: 'expires', type: 'uint256' },
  ],
} satisfies Record<string, { readonly name: string; readonly type: string }[]>;

export interface TypedMessage {
  /** In capitals. */
  readonly method: string;
  /** As `serviceEndpoints` has it, without what a proxy puts in front of it. */
  readonly path: string;
  /** As it is sent, without the question mark. */
  readonly query: string;
  /** keccak256 of the body's bytes, of none at all where there is no body. */
  readonly bodyHash: string;
  readonly consumer: string;
  readonly nonce: string;
  /** Unix seconds. */
  readonly expires: string;
}

/** keccak256 of nothing. */
export const NO_BODY_HASH = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470';

export interface TypedHeader {
  readonly address: string;
  readonly nonce: string;
  readonly expires: string;
  readonly signature: string;
}

export const writeTypedHeader = ({ address, nonce, expires, signature }: TypedHeader): string =>
  `address=${address}, nonce=${nonce}, expires=${expires}, signature=${signature}`;

const MAX_UINT256 = 2n ** 256n - 1n;

const FORMS: Readonly<Record<keyof TypedHeader, (value: string) => boolean>> = {
  address: (value) => /^0x[0-9a-fA-F]{40}$/.test(value),
  nonce: (value) => /^(0|[1-9]\d{0,77})$/.test(value) && BigInt(value) <= MAX_UINT256,
  expires: (value) => /^[1-9]\d{0,11}$/.test(value),
  signature: (value) => /^(0x)?[0-9a-fA-F]{130}$/.test(value),
};

const isPart = (name: string): name is keyof TypedHeader => Object.hasOwn(FORMS, name);

/** The header's parts; undefined if one is missing, is not of its form, or comes twice. Parts of other names are passed over. */
export function parseTypedHeader(text: string): TypedHeader | undefined {
  const parts: Partial<Record<keyof TypedHeader, string>> = {};
  for (const piece of text.slice(0, 2_000).split(',')) {
    const [, name = '', value = ''] = /^\s*([A-Za-z]+)\s*=\s*"?([^\s"]*)"?\s*$/.exec(piece) ?? [];
    if (!isPart(name)) continue;
    if (parts[name] !== undefined || !FORMS[name](value)) return undefined;
    parts[name] = value;
  }
  const { address, nonce, expires, signature } = parts;
  if (address === undefined || nonce === undefined || expires === undefined || signature === undefined)
    return undefined;
  return { address, nonce, expires, signature: signature.startsWith('0x') ? signature : `0x${signature}` };
}
