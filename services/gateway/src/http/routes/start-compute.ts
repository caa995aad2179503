/** `POST /api/services/compute`: a new job, or the next run of one. */
import { createHash } from 'node:crypto';
import type { StatusObject } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { Submission } from '../../admission/save-submission.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import { siteOf } from '../../limits/sites.ts';
import { route } from '../route.ts';

export const startCompute = (submit: (submission: Submission) => Promise<StatusObject>, askOutside: AskOutside) =>
  route(ENDPOINTS.computeStart, async ({ input: request, caller: { proof, network }, body, ctx }) => {
    const { dataset, additionalDatasets = [], algorithm } = request;
    askOutside(network, [dataset, ...additionalDatasets, algorithm]);
    const asSent = createHash('sha256')
      .update(ctx.querystring)
      .update('\n')
      .update(await body());
    // What waits and is kept, and whose turn it is, goes by sites.
    return [await submit({ request, proof, bodyHash: asSent.digest('hex'), network: siteOf(network) })];
  });
