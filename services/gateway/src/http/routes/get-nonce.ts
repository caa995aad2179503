/** `GET /api/services/nonce`: the last nonce of an address. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { parseAddress, type Address } from '@capstan/shared/contract/ids';
import { jsonText, route } from '../route.ts';

export const getNonce = (shown: (address: Address) => string) =>
  route(ENDPOINTS.nonce, ({ input }) => {
    const address = parseAddress(input.userAddress);
    // Written by hand: a JavaScript number would lose digits.
    return jsonText(`{"nonce":${address ? shown(address) : '0'}}`);
  });
