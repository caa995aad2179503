/** Settings of the chains that orders are looked up on. */
import { Type, type Static } from 'typebox';
import { LARGEST_CHAIN_ID, LONGEST_TIMER_S, strict } from './section.ts';

export const ChainSchema = Type.Object(
  {
    id: Type.Integer({ minimum: 1, maximum: LARGEST_CHAIN_ID, description: 'Chain id, e.g. 137 for Polygon.' }),
    rpc: Type.Array(Type.String({ pattern: '^https?://' }), {
      minItems: 1,
      description: 'JSON-RPC endpoints of the chain, the best one first; the next is asked when one fails.',
    }),
    feeToken: Type.Optional(
      Type.String({
        pattern: '^0x[0-9a-fA-F]{40}$',
        description:
          'Token that fees of zero name for assets of this chain, where the environment has no `feeToken` of its own: clients approve it whatever the amount, and on the zero address that fails. If absent, that of the first environment that sells on this chain.',
      }),
    ),
    confirmations: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 1,
      description: 'Blocks, its own included, after which a transaction counts.',
    }),
    settledAfter: Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      default: 64,
      description:
        'Blocks, its own included, after which a transaction is taken as final: the node keeps it and does not ask for it again. Until then each use of an order looks whether its block is still there.',
    }),
    logBlocks: Type.Integer({
      minimum: 100,
      maximum: 10_000_000,
      default: 10_000,
      description:
        'Blocks that an endpoint looks through at once for the events of an NFT, where it does not look through all of them. The node then looks back over at most fifty such ranges.',
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
