import type { EnvironmentId } from '@capstan/shared/contract/ids';
import { systemClock } from '@capstan/shared/runtime/clock';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { expect } from 'chai';
import { computeAddress, getAddress } from 'ethers';
import { createContracts } from '../../../../services/gateway/src/chain/contracts.ts';
import { NO_TOKEN } from '../../../../services/gateway/src/orders/fees.ts';
import { createQuotes } from '../../../../services/gateway/src/orders/quotes.ts';

const SECRET = `0x${'11'.repeat(32)}`;
const OWN = `0x${'a1'.repeat(20)}`;
const OF_137 = `0x${'b2'.repeat(20)}`;

describe('a fee of zero', () => {
  const quotes = createQuotes({
    key: nodeKeyFrom(SECRET),
    address: computeAddress(SECRET),
    contracts: createContracts(),
    feeTokens: (chainId) => (chainId === 137 ? [NO_TOKEN, OF_137] : []),
    namesChain: false,
    clock: systemClock,
  });
  const tokenFor = async (feeToken: string, chainId: number) => {
    const environment = { id: 'e' as EnvironmentId, priceMin: 0, feeToken };
    const asked = { environment, datatoken: NO_TOKEN, serviceId: 's', validUntil: 1, chain: undefined };
    const { providerFeeAmount, providerFeeToken } = await quotes.fee({ ...asked, chainId });
    expect(providerFeeAmount).to.equal('0');
    return providerFeeToken;
  };

  it("names the environment's own token, else that of the asset's chain, else none", async () => {
    expect(await tokenFor(OWN, 137)).to.equal(getAddress(OWN));
    expect(await tokenFor(NO_TOKEN, 137)).to.equal(getAddress(OF_137));
    expect(await tokenFor(NO_TOKEN, 1)).to.equal(NO_TOKEN);
  });
});
