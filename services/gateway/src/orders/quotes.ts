/** Offers that this node makes and stands by: fees under its own signature. */
import { getAddress, isAddress, SigningKey } from 'ethers';
import type { ProviderFee } from '@capstan/shared/contract/quotes';
import type { Clock } from '@capstan/shared/runtime/clock';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Environment } from '@capstan/shared/contract/messages';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import type { Contracts } from '../chain/contracts.ts';
import type { Chain } from '../chain/provider.ts';
import { feeAmount, feeDigest, NO_TOKEN, providerDataOf } from './fees.ts';
import { hasPrice } from './orders.ts';

export interface FeeAsked {
  readonly environment: Pick<Environment, 'id' | 'priceMin' | 'feeToken'>;
  readonly datatoken: string;
  readonly serviceId: string;
  /** Unix seconds. */
  readonly validUntil: number;
  /** Of the asset. */
  readonly chainId: number;
  /** Where it is paid; undefined if nothing is to be paid. */
  readonly chain: Chain | undefined;
}

export interface Quotes {
  /** Rejects with CHAIN_UNAVAILABLE, or with REFUSED where the environment's token is none on that chain. */
  fee(asked: FeeAsked): Promise<ProviderFee>;
}

interface QuotesOptions {
  readonly key: NodeKey;
  /** The node's address. */
  readonly address: string;
  readonly contracts: Contracts;
  /** Those that may be named on a chain where the environment has none, the best one first. */
  readonly feeTokens: (chainId: number) => readonly string[];
  /** Whether there are several chains, so that a fee must say which one it is for. */
  readonly namesChain: boolean;
  readonly clock: Clock;
}

export function createQuotes({ key, address, contracts, feeTokens, namesChain, clock }: QuotesOptions): Quotes {
  const signer = new SigningKey(key.secret());

  const amountOf = async ({ environment, chain, validUntil }: FeeAsked, nowS: number): Promise<bigint> => {
    if (!chain || !hasPrice(environment)) return 0n;
    const decimals = await contracts.decimalsOf(chain, environment.feeToken);
    if (decimals === undefined) throw soldElsewhere(environment.id, chain.id);
    return feeAmount(nowS, validUntil, { priceMin: environment.priceMin, decimals });
  };

  /** Where nothing is to be paid, too: clients approve the token whatever the amount, and the zero address reverts. */
  const tokenOf = (token: string, chainId: number) => {
    const named = [token, ...feeTokens(chainId)].find((each) => each !== NO_TOKEN && isAddress(each));
    return named === undefined ? NO_TOKEN : getAddress(named);
  };

  return {
    async fee(asked) {
      const { environment, datatoken, serviceId, validUntil, chainId } = asked;
      const nowS = Math.floor(clock.now() / 1_000);
      const amount = await amountOf(asked, nowS);
      const terms = {
        providerData: providerDataOf({
          environment: environment.id,
          timestamp: nowS,
          dt: datatoken,
          id: serviceId,
          chainId: namesChain ? chainId : undefined,
        }),
        providerFeeAddress: getAddress(address),
        providerFeeToken: tokenOf(environment.feeToken, chainId),
        providerFeeAmount: amount,
        validUntil: BigInt(validUntil),
      };
      const { v, r, s } = signer.sign(feeDigest(terms));
      return { ...terms, providerFeeAmount: String(amount), validUntil, v, r, s };
    },
  };
}

/** A chain that the environment may serve as far as its settings say, and where nobody can pay it. */
function soldElsewhere(environment: string, chainId: number): CapstanError {
  const text = `The environment ${environment} is paid in a token that is not on chain ${chainId}. Choose another environment, or an asset of another chain.`;
  return new CapstanError('REFUSED', text, { refusal: 'Compute environment does not exist' });
}
