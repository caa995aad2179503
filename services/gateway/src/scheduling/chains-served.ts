/** Which chains an environment serves: the assets of all others are not computed on there, PURE. */
import type { Environment } from '@capstan/shared/contract/messages';
import { CapstanError } from '@capstan/shared/contract/errors';

type Served = Pick<Environment, 'id' | 'allowedChainId'>;

interface Asset {
  /** As the request names it. */
  readonly resource: string;
  readonly ddo: { readonly chainId: number };
}

export function servesChain({ allowedChainId }: Pick<Served, 'allowedChainId'>, chainId: number): boolean {
  return allowedChainId === undefined || allowedChainId.includes(chainId);
}

/** Throws REFUSED, in the words for an environment that is not there: for assets of that chain it is not. */
export function requireServed(environment: Served, assets: readonly Asset[]): void {
  const other = assets.find(({ ddo }) => !servesChain(environment, ddo.chainId));
  if (!other) return;
  const chains = environment.allowedChainId?.join(', ');
  const text = `The environment ${environment.id} takes assets of these chains only: ${chains}. The ${other.resource} is of chain ${other.ddo.chainId}: choose another environment.`;
  throw new CapstanError('REFUSED', text, { refusal: 'Compute environment does not exist' });
}
