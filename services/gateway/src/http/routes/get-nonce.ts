/** `GET /api/services/nonce`: the last nonce of an address. */
import { NonceQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { parseAddress, type Address, type Nonce } from '@capstan/shared/contract/ids';
import { compile } from '@capstan/shared/validate';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(NonceQuerySchema);

export function nonceRoute(lastNonce: (address: Address) => Nonce | undefined): Route {
  return route(ENDPOINTS.nonce, (ctx) => {
    const { userAddress } = checked(validate, parameters(ctx.query));
    const address = parseAddress(userAddress);
    const last = (address && lastNonce(address)) ?? '0';
    ctx.type = 'json';
    // Written by hand: a JavaScript number would lose digits. JSON knows no leading zeros.
    ctx.body = `{"nonce":${last.replace(/^0+(?=\d)/, '')}}`;
  });
}
