import { expect } from 'chai';
import {
  getBytes,
  hexlify,
  Signature,
  SigningKey,
  solidityPackedKeccak256,
  toUtf8Bytes,
  toUtf8String,
  verifyMessage,
  Wallet,
} from 'ethers';
import fc from 'fast-check';
import {
  feeAmount,
  feeDigest,
  NO_TOKEN,
  providerDataOf,
  readProviderData,
} from '../../../../services/gateway/src/orders/fees.ts';
import { carriesFee } from '../../../../services/gateway/src/orders/orders.ts';

describe('the fee of an environment', () => {
  const price = (priceMin: number, decimals = 18) => ({ priceMin, decimals });

  it('is each minute that has begun times the price, exactly', () => {
    expect(feeAmount(0, 600, price(0.6))).to.equal(6n * 10n ** 18n);
    expect(feeAmount(0, 601, price(0.6))).to.equal(66n * 10n ** 17n);
    expect(feeAmount(0, 1, price(1))).to.equal(10n ** 18n);
    expect(feeAmount(0, 60, price(0.1 + 0.2, 1))).to.equal(4n);
    expect(feeAmount(0, 60, price(2.5, 0))).to.equal(3n);
    expect(feeAmount(0, 120, price(1e-7, 6))).to.equal(1n);
    expect(feeAmount(0, 60, price(1e21, 2))).to.equal(10n ** 23n);
    expect(feeAmount(0, 600, price(0))).to.equal(0n);
    expect(feeAmount(600, 600, price(1))).to.equal(0n);
    expect(feeAmount(700, 600, price(1))).to.equal(0n);
  });

  it('never falls with time, never below the price', () => {
    const prices = fc.double({ min: 1e-9, max: 1e6, noNaN: true });
    const seconds = fc.integer({ min: 0, max: 10 ** 9 });
    fc.assert(
      fc.property(prices, seconds, seconds, fc.integer({ min: 0, max: 24 }), (priceMin, a, b, decimals) => {
        const [short, long] = [Math.min(a, b), Math.max(a, b)];
        const fees = [short, long].map((until) => feeAmount(0, until, { priceMin, decimals }));
        expect((fees[0] ?? 0n) <= (fees[1] ?? 0n)).to.equal(true);
        expect(Number(fees[1]) >= (long / 60) * priceMin * 10 ** decimals * (1 - 1e-9)).to.equal(true);
      }),
    );
  });

  it("is written and signed as Ocean's contracts read it", () => {
    const providerData = providerDataOf({ environment: 'e', timestamp: 5, dt: '0xab', id: 'x' });
    expect(toUtf8String(providerData)).to.equal('{"environment":"e","timestamp":5,"dt":"0xab","id":"x"}');
    const ofChain = toUtf8String(providerDataOf({ environment: 'e', timestamp: 5, dt: '0xab', id: 'x', chainId: 137 }));
    expect(ofChain).to.equal('{"environment":"e","timestamp":5,"dt":"0xab","id":"x","chainId":137}');
    const wallet = new Wallet(`0x${'11'.repeat(32)}`);
    const terms = {
      providerData,
      providerFeeAddress: wallet.address,
      providerFeeToken: NO_TOKEN,
      providerFeeAmount: 7n,
      validUntil: 9n,
    };
    const signature = Signature.from(new SigningKey(wallet.privateKey).sign(feeDigest(terms))).serialized;
    const hash = solidityPackedKeccak256(
      ['bytes', 'address', 'address', 'uint256', 'uint256'],
      [providerData, wallet.address, NO_TOKEN, 7n, 9n],
    );
    expect(verifyMessage(getBytes(hash), signature)).to.equal(wallet.address);
  });

  it('names nothing where nobody wrote data', () => {
    const deep = hexlify(toUtf8Bytes(`{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`));
    const long = hexlify(toUtf8Bytes(`{"a":"${'x'.repeat(10_000)}"}`));
    for (const data of ['0x', '0xff', '0x7b', '0x6e756c6c', '0x31', deep, long]) {
      expect(readProviderData(data)).to.equal(undefined);
    }
  });

  it('is carried by one order of a job, in the money of the environment', () => {
    const money = `0x${'Ab'.repeat(20)}`;
    const order = (amount: bigint, token = money.toLowerCase()) => ({ fee: { amount, token, validUntil: 1 } });
    const sold = { priceMin: 1, feeToken: money };
    expect(carriesFee([order(0n), order(1n)], sold)).to.equal(true);
    expect(carriesFee([order(0n)], sold)).to.equal(false);
    expect(carriesFee([order(5n, NO_TOKEN)], sold)).to.equal(false);
    expect(carriesFee([order(0n)], { priceMin: 0, feeToken: money })).to.equal(true);
    expect(carriesFee([order(0n)], { priceMin: 1, feeToken: NO_TOKEN })).to.equal(true);
  });
});
