/** Who signed a text, PURE. Recovery runs in native code: in plain JavaScript it would bound the node's request rate. */
import secp256k1 from 'secp256k1';
import { getBytes, hashMessage, keccak256, toUtf8Bytes } from 'ethers';
import { parseAddress, type Address } from '@capstan/shared/contract/ids';

/** Half the order of the curve; a signature with a higher `s` is a malleated copy of another one (EIP-2). */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

interface Signature {
  readonly rs: Uint8Array;
  readonly recovery: 0 | 1;
}

/** 65 bytes as `0x…` or without it, `v` as 0/1 or 27/28; undefined for anything else and for a high `s`. */
function parseSignature(given: string): Signature | undefined {
  if (!/^(0x)?[0-9a-fA-F]{130}$/.test(given)) return undefined;
  const text = given.startsWith('0x') ? given : `0x${given}`;
  const bytes = getBytes(text);
  const v = bytes[64] ?? 255;
  const recovery = v >= 27 ? v - 27 : v;
  if (recovery !== 0 && recovery !== 1) return undefined;
  if (BigInt(`0x${text.slice(66, 130)}`) > HALF_ORDER) return undefined;
  return { rs: bytes.subarray(0, 64), recovery };
}

function recover({ rs, recovery }: Signature, digest: Uint8Array): Address | undefined {
  try {
    const publicKey = secp256k1.publicKeyConvert(secp256k1.ecdsaRecover(rs, recovery, digest), false);
    return parseAddress(`0x${keccak256(publicKey.subarray(1)).slice(-40)}`);
  } catch {
    // No point on the curve belongs to these numbers.
    return undefined;
  }
}

/** Who signed 32 bytes, hex; undefined if nobody can have. */
export function recoverDigest(signature: string, digest: string): Address | undefined {
  const parsed = parseSignature(signature);
  return parsed && recover(parsed, getBytes(digest));
}

/** EIP-191 personal-sign over the 32 bytes of keccak256(message), as Ocean's clients do it. */
const digestOfHash = (message: string) => hashMessage(getBytes(keccak256(toUtf8Bytes(message))));

/** Whether `address` signed `message`: over its hash, or over the plain text, for callers without Ocean's clients. */
export function isSignedBy(address: Address, message: string, signature: string): boolean {
  return (
    recoverDigest(signature, digestOfHash(message)) === address ||
    recoverDigest(signature, hashMessage(message)) === address
  );
}

/** Whose signature it would be, if it were one over the hash of `message`. */
export const signerOf = (message: string, signature: string) => recoverDigest(signature, digestOfHash(message));
