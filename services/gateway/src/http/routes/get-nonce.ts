/** `GET /api/services/nonce`: the last nonce of an address. */
import { NonceQuerySchema } from '@capstan/shared/contract/api';
import { parseAddress, type Address, type Nonce } from '@capstan/shared/contract/ids';
import { compile } from '@capstan/shared/validate';
import type { Route } from '../app.ts';
import { checked, parameters } from '../input.ts';
import { ENDPOINTS } from './endpoints.ts';

const validate = compile(NonceQuerySchema);

export function nonceRoute(lastNonce: (address: Address) => Nonce | undefined): Route {
  return (router) => {
    router.get(ENDPOINTS.nonce[1], (ctx) => {
      const { userAddress } = checked(validate, parameters(ctx.query));
      const address = parseAddress(userAddress);
      const last = (address && lastNonce(address)) ?? '0';
      ctx.type = 'json';
      // Written by hand: a JavaScript number would lose digits. JSON knows no leading zeros.
      ctx.body = `{"nonce":${last.replace(/^0+(?=\d)/, '')}}`;
    });
  };
}
