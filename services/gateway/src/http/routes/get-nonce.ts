/** `GET /api/services/nonce`: the last nonce of an address. */
import { NonceQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { parseAddress, type Address } from '@capstan/shared/contract/ids';
import { compileInput } from '@capstan/shared/schema/input';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(NonceQuerySchema);

export function nonceRoute(shown: (address: Address) => string): Route {
  return route(ENDPOINTS.nonce, (ctx) => {
    const { userAddress } = checked(validate, parameters(ctx.query));
    const address = parseAddress(userAddress);
    const last = address ? shown(address) : '0';
    ctx.type = 'json';
    // Written by hand: a JavaScript number would lose digits.
    ctx.body = `{"nonce":${last}}`;
  });
}
