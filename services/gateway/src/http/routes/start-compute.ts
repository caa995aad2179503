/** `POST /api/services/compute`: a new job, or the next run of one. */
import { createHash } from 'node:crypto';
import { StartRequestSchema, type StatusObject } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import type { Submission } from '../../admission/submit.ts';
import { readJsonBody } from '../body.ts';
import { proofOf } from '../caller.ts';
import { checkedSigned, parameters } from '../input.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import { networkIn } from '../limits.ts';
import { siteOf } from '../../limits/sites.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(StartRequestSchema, { suggests: true });

export function startComputeRoute(
  submit: (submission: Submission) => Promise<StatusObject>,
  askOutside: AskOutside,
  bodyLimitBytes: () => number,
): Route {
  return route(ENDPOINTS.computeStart, async (ctx) => {
    const { value, bytes } = await readJsonBody(ctx.req, bodyLimitBytes());
    const proof = proofOf(ctx, ENDPOINTS.computeStart, bytes);
    const request = checkedSigned(validate, parameters(ctx.query, value), proof);
    const { dataset, additionalDatasets = [], algorithm } = request;
    askOutside(networkIn(ctx), [dataset, ...additionalDatasets, algorithm]);
    const bodyHash = createHash('sha256').update(ctx.querystring).update('\n').update(bytes).digest('hex');
    // What waits and is kept, and whose turn it is, goes by sites.
    ctx.body = [await submit({ request, proof, bodyHash, network: siteOf(networkIn(ctx)) })];
  });
}
