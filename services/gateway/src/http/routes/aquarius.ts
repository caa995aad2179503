/** `/api/aquarius/assets/…`: the node's own catalogue, by the routes of a metadata store. */
import { AssetQuerySchema } from '@capstan/shared/contract/asset-requests';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import type { ValidateDescription } from '../../assets/validator.ts';
import type { CatalogueShown } from '../../files/catalogue-shown.ts';
import type { Identify } from '../../auth/identify.ts';
import { readBody, readJsonBody } from '../body.ts';
import { proofOf } from '../caller.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validateQuery = compileInput(AssetQuerySchema);

interface AquariusOptions {
  readonly shown: CatalogueShown;
  readonly validateDescription: ValidateDescription;
  readonly identify: Identify;
  readonly bodyLimitBytes: () => number;
}

export function aquariusRoutes({ shown, validateDescription, identify, bodyLimitBytes }: AquariusOptions): Route[] {
  return [
    route(ENDPOINTS.validateAsset, async (ctx) => {
      ctx.body = validateDescription(await readBody(ctx.req, bodyLimitBytes()));
    }),
    route(ENDPOINTS.queryAssets, async (ctx) => {
      const { value, bytes } = await readJsonBody(ctx.req, bodyLimitBytes());
      const caller = await identify.known({}, proofOf(ctx, ENDPOINTS.queryAssets, bytes));
      ctx.body = await shown.search(checked(validateQuery, parameters({}, value)), caller?.address);
    }),
    route(ENDPOINTS.assetDescription, async (ctx) => {
      const caller = await identify.known({}, proofOf(ctx, ENDPOINTS.assetDescription));
      // What it says may change with whom it is said to.
      ctx.set('Cache-Control', 'no-cache');
      ctx.vary('AuthToken, Authorization, Capstan-Signature');
      ctx.body = await shown.find(String(ctx.params['did']), caller?.address);
    }),
  ];
}
