/** `GET /api/services/compute`: the statuses of jobs. */
import { StatusQuerySchema } from '@capstan/shared/contract/api';
import { compile } from '@capstan/shared/validate';
import type { Query } from '../../jobs/query.ts';
import type { Route } from '../app.ts';
import { checked, parameters } from '../input.ts';
import { ENDPOINTS } from './endpoints.ts';

const validate = compile(StatusQuerySchema);

export function getComputeRoute(query: Query): Route {
  return (router) => {
    router.get(ENDPOINTS.computeStatus[1], (ctx) => {
      const { dates = 'unix', ...which } = checked(validate, parameters(ctx.query));
      ctx.body = query.statuses(query.authorize(which), dates);
    });
  };
}
