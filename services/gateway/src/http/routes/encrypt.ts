/** `POST /api/services/encrypt`: bytes that only this node can read again. */
import { EncryptQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { CapstanError } from '@capstan/shared/contract/errors';
import { compileInput } from '@capstan/shared/schema/input';
import { readBody } from '../body.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(EncryptQuerySchema);

interface EncryptOptions {
  readonly seal: (bytes: Uint8Array) => string;
  readonly chainIds: readonly number[];
  readonly bodyLimitBytes: () => number;
}

export function encryptRoute({ seal, chainIds, bodyLimitBytes }: EncryptOptions): Route {
  return route(ENDPOINTS.encrypt, async (ctx) => {
    const { chainId } = checked(validate, parameters(ctx.query));
    if (chainId !== undefined && !chainIds.some((own) => BigInt(own) === BigInt(chainId))) throw otherChain(chainIds);
    const bytes = await readBody(ctx.req, bodyLimitBytes());
    if (bytes.length === 0) throw new CapstanError('BAD_REQUEST', 'There is nothing to encrypt: send it as the body.');
    ctx.status = 201;
    ctx.type = 'text/plain';
    ctx.body = seal(bytes);
  });
}

function otherChain(chainIds: readonly number[]): CapstanError {
  const named = chainIds.length === 1 ? `${chainIds.join()}, the chain of this node` : `one of ${chainIds.join(', ')}`;
  const text = `The chainId field must be ${named}.`;
  return new CapstanError('VALIDATION', 'Validation error', { fields: { chainId: [text] } });
}
