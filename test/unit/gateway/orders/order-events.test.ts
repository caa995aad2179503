import { expect } from 'chai';
import fc from 'fast-check';
import { hexlify } from 'ethers';
import { decodeLog } from '../../../../services/gateway/src/orders/events.ts';
import { orderLog as log } from '../../../support/chain/order-log.ts';

describe('an event', () => {
  const datatoken = `0x${'dd'.repeat(20)}`;
  const caller = `0x${'ca'.repeat(20)}`;
  const other = `0x${'0e'.repeat(20)}`;
  const money = `0x${'aa'.repeat(20)}`;
  const provider = `0x${'bb'.repeat(20)}`;

  it('of an order is read as its contract wrote it', () => {
    const address = fc.constantFrom(caller, other, money, provider);
    const number = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
    const word = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => hexlify(bytes));
    const bytes = fc.uint8Array({ maxLength: 300 }).map((value) => hexlify(value));
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(address, address, number, number, word, word, bytes, byte, (one, two, big, late, r, s, data, v) => {
        expect(decodeLog(log(datatoken, 'ProviderFee', [one, two, big, data, v, r, s, late]))).to.deep.equal({
          kind: 'fee',
          by: datatoken,
          address: one,
          token: two,
          amount: big,
          providerData: data,
          signature: { v, r, s },
          validUntil: late,
        });
        expect(decodeLog(log(other, 'OrderStarted', [one, two, big, late, v, one, 1]))).to.deep.equal({
          kind: 'started',
          by: other,
          consumer: one,
          payer: two,
          amount: big,
          serviceIndex: late,
          timestamp: BigInt(v),
        });
        expect(decodeLog(log(other, 'OrderReused', [r, one, late, 1]))).to.deep.equal({
          kind: 'reused',
          by: other,
          orderTxId: r,
          caller: one,
          timestamp: late,
        });
        expect(decodeLog(log(money, 'Transfer', [one, two, big]))).to.deep.equal({
          kind: 'transfer',
          by: money,
          from: one,
          to: two,
          value: big,
        });
      }),
    );
  });
});
