/** `POST /api/services/fileinfo`: whether files are there, their sizes, types and names. */
import { FileInfoRequestSchema } from '@capstan/shared/contract/asset-requests';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import type { AskFileInfo } from '../../files/file-info.ts';
import type { Identify } from '../../auth/identify.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import { readJsonBody } from '../body.ts';
import { proofOf } from '../caller.ts';
import { checked, parameters } from '../input.ts';
import { networkIn } from '../limits.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(FileInfoRequestSchema);

interface FileInfoRouteOptions {
  readonly askFileInfo: AskFileInfo;
  readonly identify: Identify;
  readonly askOutside: AskOutside;
  readonly bodyLimitBytes: () => number;
}

export function fileInfoRoute({ askFileInfo, identify, askOutside, bodyLimitBytes }: FileInfoRouteOptions): Route {
  return route(ENDPOINTS.fileinfo, async (ctx) => {
    const { value, bytes } = await readJsonBody(ctx.req, bodyLimitBytes());
    const request = checked(validate, parameters(ctx.query, value));
    const network = networkIn(ctx);
    const documentId = request.did ?? request.documentId;
    if (documentId !== undefined) askOutside(network, [{ documentId }]);
    const caller = await identify.known({}, proofOf(ctx, ENDPOINTS.fileinfo, bytes));
    ctx.body = await askFileInfo(request, { caller: caller?.address, network });
  });
}
