/** `POST /api/services/compute`: a new job. */
import { createHash } from 'node:crypto';
import { StartRequestSchema, type StatusObject } from '@capstan/shared/contract/api';
import { compile } from '@capstan/shared/validate';
import type { Submission } from '../../jobs/submit.ts';
import type { Route } from '../app.ts';
import { readJsonBody } from '../body.ts';
import { checked, parameters } from '../input.ts';
import { ENDPOINTS } from './endpoints.ts';

const validate = compile(StartRequestSchema);

interface StartOptions {
  readonly submit: (submission: Submission) => Promise<StatusObject>;
  readonly bodyLimitBytes: () => number;
}

export function startComputeRoute({ submit, bodyLimitBytes }: StartOptions): Route {
  return (router) => {
    router.post(ENDPOINTS.computeStart[1], async (ctx) => {
      const { value, bytes } = await readJsonBody(ctx.req, bodyLimitBytes());
      const request = checked(validate, parameters(ctx.query, value));
      const bodyHash = createHash('sha256').update(ctx.querystring).update('\n').update(bytes).digest('hex');
      ctx.body = [await submit({ request, bodyHash })];
    });
  };
}
