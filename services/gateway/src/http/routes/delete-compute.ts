/** `DELETE /api/services/compute`: delete jobs with everything that belongs to them. */
import { DeleteRequestSchema, type DeleteRequest, type StatusObject } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import type { Proof } from '../../auth/credentials.ts';
import { readBodyBeside } from '../body.ts';
import { proofOf } from '../caller.ts';
import { checkedSigned, parameters } from '../input.ts';
import { networkIn } from '../limits.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(DeleteRequestSchema);

export function deleteComputeRoute(
  remove: (request: DeleteRequest, proof: Proof | undefined, network: string) => Promise<readonly StatusObject[]>,
  bodyLimitBytes: () => number,
): Route {
  return route(ENDPOINTS.computeDelete, async (ctx) => {
    const { value, bytes } = await readBodyBeside(ctx.query, ctx.req, bodyLimitBytes());
    const proof = proofOf(ctx, ENDPOINTS.computeDelete, bytes);
    ctx.body = await remove(checkedSigned(validate, parameters(ctx.query, value), proof), proof, networkIn(ctx));
  });
}
