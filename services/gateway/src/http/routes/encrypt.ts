/** `POST /api/services/encrypt`: bytes that only this node can read again. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { CapstanError } from '@capstan/shared/contract/errors';
import { route } from '../route.ts';

interface EncryptOptions {
  readonly seal: (bytes: Uint8Array) => string;
  readonly chainIds: readonly number[];
}

export const encrypt = ({ seal, chainIds }: EncryptOptions) =>
  route(ENDPOINTS.encrypt, async ({ input: { chainId }, body }) => {
    if (chainId !== undefined && !chainIds.some((own) => BigInt(own) === BigInt(chainId))) throw otherChain(chainIds);
    const bytes = await body();
    if (bytes.length === 0) throw new CapstanError('BAD_REQUEST', 'There is nothing to encrypt: send it as the body.');
    return seal(bytes);
  });

function otherChain(chainIds: readonly number[]): CapstanError {
  const named = chainIds.length === 1 ? `${chainIds.join()}, the chain of this node` : `one of ${chainIds.join(', ')}`;
  const text = `The chainId field must be ${named}.`;
  return new CapstanError('VALIDATION', 'Validation error', { fields: { chainId: [text] } });
}
