/** `DELETE /api/services/compute`: delete jobs with everything that belongs to them. */
import type { DeleteRequest, StatusObject } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { Signer } from '../asked.ts';
import { route } from '../route.ts';

export const deleteCompute = (remove: (request: DeleteRequest, signer: Signer) => Promise<readonly StatusObject[]>) =>
  route(ENDPOINTS.computeDelete, ({ input, caller }) => remove(input, caller));
