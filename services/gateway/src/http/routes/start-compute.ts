/** `POST /api/services/compute`: a new job, or the next run of one. */
import { createHash } from 'node:crypto';
import { StartRequestSchema, type StatusObject } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import type { Submission } from '../../jobs/submit.ts';
import { readJsonBody } from '../body.ts';
import { checkedSigned, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(StartRequestSchema);

export function startComputeRoute(
  submit: (submission: Submission) => Promise<StatusObject>,
  bodyLimitBytes: () => number,
): Route {
  return route(ENDPOINTS.computeStart, async (ctx) => {
    const { value, bytes } = await readJsonBody(ctx.req, bodyLimitBytes());
    const request = checkedSigned(validate, parameters(ctx.query, value), ctx);
    const bodyHash = createHash('sha256').update(ctx.querystring).update('\n').update(bytes).digest('hex');
    ctx.body = [await submit({ request, bodyHash })];
  });
}
