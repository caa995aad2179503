/** Settings of who looks after the node, and of who indexes what is sealed to it. */
import { Type } from 'typebox';

export const OperatorsSchema = Type.Array(Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' }), {
  default: [],
  description:
    "Addresses of those who look after the node: signed in, they see the statuses of all jobs and may stop each of them. Results and logs stay the owner's alone.",
});

export const DecryptersSchema = Type.Array(Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' }), {
  default: [],
  description:
    'Addresses of indexers (Aquarius, ocean-node) that the node opens published descriptions for, which were sealed to it. None by default: nobody else needs them, and whoever stands here sees what publishers did not show to all. Where files are stays sealed.',
});
