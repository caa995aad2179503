/** Settings of the chains that orders are looked up on. */
import { Type, type Static } from 'typebox';
import { LONGEST_TIMER_S, strict } from './section.ts';

export const ChainSchema = Type.Object(
  {
    id: Type.Integer({ minimum: 1, description: 'Chain id, e.g. 137 for Polygon.' }),
    rpc: Type.Array(Type.String({ pattern: '^https?://' }), {
      minItems: 1,
      description: 'JSON-RPC endpoints of the chain, the best one first; the next is asked when one fails.',
    }),
    confirmations: Type.Integer({
      minimum: 1,
      default: 1,
      description: 'Blocks, its own included, after which a transaction counts.',
    }),
    settledAfter: Type.Integer({
      minimum: 1,
      default: 64,
      description:
        'Blocks, its own included, after which a transaction is taken as final: the node keeps it and does not ask for it again. Until then each use of an order looks whether its block is still there.',
    }),
    timeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 10,
      description: 'Longest wait for one endpoint, in seconds.',
    }),
  },
  strict,
);
export type ChainConfig = Static<typeof ChainSchema>;
