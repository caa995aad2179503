/** `GET /health`: the state of each part. 200 while jobs can be accepted, which is as long as the store works. */
import type { Health } from '../../jobs/health.ts';
import type { Route } from '../app.ts';

export function healthRoute(health: () => Promise<Health>): Route {
  return (router) => {
    router.get('/health', async (ctx) => {
      const report = await health();
      ctx.status = report.status === 'down' ? 503 : 200;
      ctx.set('Cache-Control', 'no-store');
      ctx.body = report;
    });
  };
}
