/** `/api/aquarius/assets/…`: the node's own catalogue, by the routes of a metadata store. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { ValidateDescription } from '../../assets/validator.ts';
import type { CatalogueShown } from '../../files/catalogue-shown.ts';
import { route } from '../route.ts';

export const validateAsset = (validateDescription: ValidateDescription) =>
  route(ENDPOINTS.validateAsset, async ({ body }) => validateDescription(await body()));

export const queryAssets = (shown: CatalogueShown) =>
  route(ENDPOINTS.queryAssets, async ({ input, caller }) => shown.search(input, (await caller.identity())?.address));

export const assetDescription = (shown: CatalogueShown) =>
  route(ENDPOINTS.assetDescription, async ({ input, caller, ctx }) => {
    const identity = await caller.identity();
    // What it says may change with whom it is said to.
    ctx.set('Cache-Control', 'no-cache');
    ctx.vary('AuthToken, Authorization, Capstan-Signature');
    return shown.find(input.did, identity?.address);
  });
