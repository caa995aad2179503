/** `PUT /api/services/compute`: stop jobs. */
import { StopRequestSchema, type StatusObject, type StopRequest } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import type { Proof } from '../../auth/credentials.ts';
import { readBodyBeside } from '../body.ts';
import { proofOf } from '../caller.ts';
import { checkedSigned, parameters } from '../input.ts';
import { networkIn } from '../limits.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(StopRequestSchema);

export function stopComputeRoute(
  stop: (request: StopRequest, proof: Proof | undefined, network: string) => Promise<readonly StatusObject[]>,
  bodyLimitBytes: () => number,
): Route {
  return route(ENDPOINTS.computeStop, async (ctx) => {
    const { value, bytes } = await readBodyBeside(ctx.query, ctx.req, bodyLimitBytes());
    const proof = proofOf(ctx, ENDPOINTS.computeStop, bytes);
    ctx.body = await stop(checkedSigned(validate, parameters(ctx.query, value), proof), proof, networkIn(ctx));
  });
}
