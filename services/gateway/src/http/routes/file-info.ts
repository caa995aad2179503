/** `POST /api/services/fileinfo`: whether files are there, their sizes, types and names. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { AskFileInfo } from '../../files/file-info.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import { route } from '../route.ts';

export const fileInfo = (askFileInfo: AskFileInfo, askOutside: AskOutside) =>
  route(ENDPOINTS.fileinfo, async ({ input, caller: { network, identity } }) => {
    const documentId = input.did ?? input.documentId;
    if (documentId !== undefined) askOutside(network, [{ documentId }]);
    const caller = await identity();
    return askFileInfo(input, { caller: caller?.address, network });
  });
