/** What clients are told of assets. */
import { Type, type Static } from 'typebox';

/** A description as it was published: whatever its version holds. */
export const DescriptionSchema = Type.Unsafe<object>({ type: 'object', description: 'The description (DDO 4.x).' });

export const ValidationProofSchema = Type.Object({
  hash: Type.String({ pattern: '^0x[0-9a-f]{64}$', description: 'SHA-256 of the bytes that were sent.' }),
  publicKey: Type.String({ description: "Address of the node's key for this alone." }),
  v: Type.Integer(),
  r: Type.Array(Type.String(), { minItems: 1, maxItems: 1 }),
  s: Type.Array(Type.String(), { minItems: 1, maxItems: 1 }),
});
export type ValidationProof = Static<typeof ValidationProofSchema>;

/** As search engines answer, so that clients of metadata stores find their way. */
export const FoundAssetsSchema = Type.Object({
  took: Type.Integer(),
  timed_out: Type.Boolean(),
  hits: Type.Object({
    total: Type.Object({ value: Type.Integer(), relation: Type.Literal('eq') }),
    hits: Type.Array(Type.Object({ _id: Type.String(), _source: DescriptionSchema })),
  }),
});
export type FoundAssets = Static<typeof FoundAssetsSchema>;
