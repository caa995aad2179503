/** Setting of who looks after the node. */
import { Type } from 'typebox';

export const OperatorsSchema = Type.Array(Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' }), {
  default: [],
  description:
    "Addresses of those who look after the node: signed in, they see the statuses of all jobs and may stop each of them. Results and logs stay the owner's alone.",
});
