/** Finds a description good, and signs that it did: with a key of its own, so that nobody has the node's key sign what they chose. */
import { createHash, hkdfSync } from 'node:crypto';
import { computeAddress, hashMessage, SigningKey } from 'ethers';
import type { ValidationProof } from '@capstan/shared/contract/asset-answers';
import { CapstanError } from '@capstan/shared/contract/errors';
import { readJson } from '@capstan/shared/runtime/json';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { problemsOf } from './description-schema.ts';

/** Throws VALIDATION with every field that is wrong, or BAD_REQUEST for what is no JSON. */
export type ValidateDescription = (bytes: Uint8Array) => ValidationProof;

const PURPOSE = 'capstan: proof that a description was found valid';

export function createValidator(key: NodeKey): ValidateDescription {
  const derived = hkdfSync('sha256', key.secret(), Buffer.alloc(0), PURPOSE, 32);
  const signer = new SigningKey(`0x${Buffer.from(derived).toString('hex')}`);
  const publicKey = computeAddress(signer);

  return (bytes) => {
    const read = readJson(Buffer.from(bytes).toString('utf8'));
    if (read.kind === 'refused')
      throw new CapstanError('BAD_REQUEST', `Send the description as JSON. The body is none: it ${read.problem}.`);
    const problems = problemsOf(read.value);
    if (problems) throw new CapstanError('VALIDATION', 'Validation error', { fields: problems });
    const digest = createHash('sha256').update(bytes).digest();
    const { v, r, s } = signer.sign(hashMessage(digest));
    return { hash: `0x${digest.toString('hex')}`, publicKey, v, r: [r], s: [s] };
  };
}
