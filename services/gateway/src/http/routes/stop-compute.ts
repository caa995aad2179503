/** `PUT /api/services/compute`: stop jobs. */
import type { StatusObject, StopRequest } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { Signer } from '../asked.ts';
import { route } from '../route.ts';

export const stopCompute = (stop: (request: StopRequest, signer: Signer) => Promise<readonly StatusObject[]>) =>
  route(ENDPOINTS.computeStop, ({ input, caller }) => stop(input, caller));
