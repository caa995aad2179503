/** The proof that a process is a runner of this node, at this moment. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Type, type Static } from 'typebox';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { compile } from '@capstan/shared/schema/validate';

const ProofSchema = Type.Object({
  instance: Type.String({ maxLength: 256 }),
  since: Type.Number(),
  proof: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});
export type Proof = Static<typeof ProofSchema>;

interface Process {
  readonly runnerId: string;
  readonly instance: string;
  readonly since?: number;
}

const validate = compile(ProofSchema);
/** Whoever asks has made up a UUID. */
const MAX_QUESTION = 64;

export function prove(key: NodeKey, { runnerId, instance, since = 0 }: Process, question: string): Proof {
  return {
    instance,
    since,
    proof: proofOf(key, { runnerId, instance, since, question: question.slice(0, MAX_QUESTION) }),
  };
}

/** A process that started before the node had a new key proves it with the old one. */
export function isProven(
  key: NodeKey,
  { runnerId, question }: { readonly runnerId: string; readonly question: string },
  answer: unknown,
): answer is Proof {
  const checked = validate(answer);
  if (!checked.ok) return false;
  const { proof, ...rest } = checked.value;
  return [key, ...key.older()].some((one) => isSame(proof, proofOf(one, { runnerId, question, ...rest })));
}

const isSame = (one: string, other: string) => timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'));

const proofOf = (
  key: NodeKey,
  { runnerId, instance, since, question }: Required<Process> & { readonly question: string },
): string =>
  createHmac('sha256', key.secret())
    .update(JSON.stringify(['runner claim', runnerId, instance, since, question]))
    .digest('hex');
