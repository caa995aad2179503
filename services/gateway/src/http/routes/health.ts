/** `GET /health`: the state of each part. 200 while jobs can be accepted, which is as long as the store works. */
import type { Health } from '@capstan/shared/contract/answers';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { route, type Route } from '../route.ts';

export function healthRoute(health: () => Promise<Health>): Route {
  return route(ENDPOINTS.health, async (ctx) => {
    const report = await health();
    ctx.status = report.status === 'down' ? 503 : 200;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = report;
  });
}
