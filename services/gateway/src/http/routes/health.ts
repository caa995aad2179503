/** `GET /health`: the state of each part. 200 while jobs can be accepted, which is as long as the store works. */
import type { Health } from '@capstan/shared/contract/answers';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { route } from '../route.ts';

export const health = (report: () => Promise<Health>) =>
  route(ENDPOINTS.health, async ({ ctx }) => {
    const now = await report();
    if (now.status === 'down') ctx.status = 503;
    ctx.set('Cache-Control', 'no-store');
    return now;
  });
