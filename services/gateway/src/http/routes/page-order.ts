/** `GET /ui/order`: what an owner starts a job again with, for the page: it never saw the order. Other clients kept theirs. */
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Address } from '@capstan/shared/contract/ids';
import { badToken } from '../../auth/invalid-signature.ts';
import type { Identify } from '../../auth/identify.ts';
import type { OrderAgain } from '../../admission/order-again.ts';
import { proofOf } from '../caller.ts';
import type { Route } from '../route.ts';

export interface PageOrderOptions {
  readonly identify: Identify;
  readonly orderAgain: (owner: Address, jobId: string) => OrderAgain;
}

export function pageOrderRoute({ identify, orderAgain }: PageOrderOptions): Route {
  return (router) => {
    router.get('/ui/order', async (ctx) => {
      const { jobId } = ctx.query;
      const identity = await identify.known({}, proofOf(ctx, { path: ctx.path }));
      if (!identity) throw badToken();
      if (typeof jobId !== 'string' || jobId === '') {
        throw new CapstanError('VALIDATION', 'Validation error', {
          fields: { jobId: ['The jobId field is required.'] },
        });
      }
      ctx.set('Cache-Control', 'no-store');
      ctx.body = orderAgain(identity.address, jobId);
    });
  };
}
