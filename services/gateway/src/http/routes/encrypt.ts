/** `POST /api/services/encrypt`: bytes that only this node can read again. */
import { EncryptQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { CapstanError } from '@capstan/shared/errors';
import { compile } from '@capstan/shared/validate';
import { readBody } from '../body.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(EncryptQuerySchema);

interface EncryptOptions {
  readonly seal: (bytes: Uint8Array) => string;
  readonly ownChainId: number;
  readonly bodyLimitBytes: () => number;
}

export function encryptRoute({ seal, ownChainId, bodyLimitBytes }: EncryptOptions): Route {
  return route(ENDPOINTS.encrypt, async (ctx) => {
    const { chainId } = checked(validate, parameters(ctx.query));
    if (chainId !== undefined && BigInt(chainId) !== BigInt(ownChainId)) throw otherChain(ownChainId);
    const bytes = await readBody(ctx.req, bodyLimitBytes());
    if (bytes.length === 0) throw new CapstanError('BAD_REQUEST', 'There is nothing to encrypt: the body is empty.');
    ctx.status = 201;
    ctx.type = 'text/plain';
    ctx.body = seal(bytes);
  });
}

function otherChain(ownChainId: number): CapstanError {
  const text = `The chainId field must be ${ownChainId}, the chain of this node.`;
  return new CapstanError('VALIDATION', 'Validation error', { fields: { chainId: [text] } });
}
