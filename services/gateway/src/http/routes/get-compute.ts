/** `GET /api/services/compute`: the statuses of jobs. */
import { StatusQuerySchema, type StatusObject } from '@capstan/shared/contract/api';
import { compile } from '@capstan/shared/validate';
import type { Query } from '../../jobs/query.ts';
import type { StatusView } from '../../jobs/status-object.ts';
import type { JobRow } from '../../store/jobs.ts';
import type { Route } from '../app.ts';
import { checked, parameters } from '../input.ts';
import { ENDPOINTS } from './endpoints.ts';

const validate = compile(StatusQuerySchema);

interface StatusOptions {
  readonly query: Query;
  readonly show: (job: JobRow, dates: StatusView['dates']) => StatusObject;
}

export function getComputeRoute({ query, show }: StatusOptions): Route {
  return (router) => {
    router.get(ENDPOINTS.computeStatus[1], (ctx) => {
      const { dates = 'unix', ...which } = checked(validate, parameters(ctx.query));
      const jobs = query.select(query.authorize(which));
      ctx.body = jobs.map((job) => show(job, dates));
    });
  };
}
