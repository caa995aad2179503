/** `GET /api/services/initialize`: what an order of one service costs. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { Initialize } from '../../admission/quote.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import { route } from '../route.ts';

export const initializeOne = (initialize: Pick<Initialize, 'one'>, askOutside: AskOutside) =>
  route(ENDPOINTS.initialize, ({ input, caller }) => {
    askOutside(caller.network, [input]);
    return initialize.one(input);
  });
