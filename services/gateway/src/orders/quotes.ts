/** Offers that this node makes and stands by: fees under its own signature. */
import { getAddress, SigningKey } from 'ethers';
import type { ProviderFee } from '@capstan/shared/contract/api';
import type { Clock } from '@capstan/shared/clock';
import type { Environment } from '@capstan/shared/contract/messages';
import type { NodeKey } from '@capstan/shared/node-key';
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
  /** Where it is paid; undefined if nothing is to be paid. */
  readonly chain: Chain | undefined;
}

export interface Quotes {
  /** Rejects with CHAIN_UNAVAILABLE. */
  fee(asked: FeeAsked): Promise<ProviderFee>;
}

interface QuotesOptions {
  readonly key: NodeKey;
  /** The node's address. */
  readonly address: string;
  readonly contracts: Contracts;
  readonly clock: Clock;
}

export function createQuotes({ key, address, contracts, clock }: QuotesOptions): Quotes {
  const signer = new SigningKey(key.secret());

  const amountOf = async ({ environment, chain, validUntil }: FeeAsked, nowS: number): Promise<bigint> => {
    if (!chain || !hasPrice(environment)) return 0n;
    const decimals = await contracts.decimalsOf(chain, environment.feeToken);
    return feeAmount(nowS, validUntil, { priceMin: environment.priceMin, decimals });
  };

  return {
    async fee(asked) {
      const { environment, datatoken, serviceId, validUntil } = asked;
      const nowS = Math.floor(clock.now() / 1_000);
      const amount = await amountOf(asked, nowS);
      const terms = {
        providerData: providerDataOf({ environment: environment.id, timestamp: nowS, dt: datatoken, id: serviceId }),
        providerFeeAddress: getAddress(address),
        providerFeeToken: amount === 0n ? NO_TOKEN : getAddress(environment.feeToken),
        providerFeeAmount: amount,
        validUntil: BigInt(validUntil),
      };
      const { v, r, s } = signer.sign(feeDigest(terms));
      return { ...terms, providerFeeAmount: String(amount), validUntil, v, r, s };
    },
  };
}
