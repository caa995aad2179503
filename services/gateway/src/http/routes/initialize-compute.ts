/** `POST /api/services/initializeCompute`: what the orders of a job cost. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { Initialize } from '../../admission/quote.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import { route } from '../route.ts';

export const initializeCompute = (initialize: Pick<Initialize, 'compute'>, askOutside: AskOutside) =>
  route(ENDPOINTS.initializeCompute, ({ input, caller: { network } }) => {
    askOutside(network, [...input.datasets, input.algorithm]);
    return initialize.compute(input, network);
  });
