import { expect } from 'chai';
import type { ChainEvent, ProviderFee, Transfer } from '../../../../services/gateway/src/orders/events.ts';
import { feesReceived } from '../../../../services/gateway/src/orders/transfers.ts';

const OURS = `0x${'01'.repeat(20)}`;
const TOKEN = `0x${'da'.repeat(20)}`;
const OTHER = `0x${'ea'.repeat(20)}`;
const MONEY = `0x${'aa'.repeat(20)}`;

const fee = (amount: bigint, more: Partial<ProviderFee> = {}): ProviderFee => ({
  kind: 'fee',
  by: TOKEN,
  address: OURS,
  token: MONEY,
  amount,
  providerData: '0x',
  signature: { v: 27, r: '0x', s: '0x' },
  validUntil: 1n,
  ...more,
});
const moved = (value: bigint, more: Partial<Transfer> = {}): Transfer => ({
  kind: 'transfer',
  by: MONEY,
  from: TOKEN,
  to: OURS,
  value,
  ...more,
});

describe('the fees of a transaction', () => {
  /** Which of the fees among the events were paid, by their places. */
  const paid = (...events: readonly ChainEvent[]) => {
    const received = feesReceived(events);
    return events.flatMap((event, index) => (event.kind === 'fee' && received.has(event) ? [index] : []));
  };

  it('are each paid by the transfer that follows them, but for a share that the contracts keep', () => {
    expect(paid(fee(100n), moved(100n))).to.deep.equal([0]);
    expect(paid(fee(100n), moved(90n))).to.deep.equal([0]);
    expect(paid(fee(100n), moved(89n))).to.deep.equal([]);
    expect(paid(fee(100n), moved(60n), moved(40n))).to.deep.equal([0]);
    expect(paid(fee(0n))).to.deep.equal([0]);
    expect(paid(fee(100n), moved(100n), fee(50n), moved(50n))).to.deep.equal([0, 2]);
  });

  it('are not paid with what came to others, or in other money', () => {
    expect(paid(fee(100n), moved(100n, { to: `0x${'02'.repeat(20)}` }))).to.deep.equal([]);
    expect(paid(fee(100n), moved(100n, { by: `0x${'bb'.repeat(20)}` }))).to.deep.equal([]);
  });

  it('are not paid with what others than their datatoken send', () => {
    expect(paid(fee(100n), moved(100n, { from: OTHER }))).to.deep.equal([]);
    expect(paid(fee(100n), fee(100n, { by: OTHER }), moved(100n))).to.deep.equal([0]);
    expect(paid(fee(100n), fee(100n, { by: OTHER }), moved(100n, { from: OTHER }))).to.deep.equal([1]);
  });

  it('are never paid with a transfer that pays another: whoever speaks of it, before or after', () => {
    expect(paid(fee(100n), fee(100n), moved(100n))).to.deep.equal([1]);
    expect(paid(fee(100n), moved(100n), fee(100n))).to.deep.equal([0]);
    expect(paid(moved(100n), fee(100n))).to.deep.equal([]);
    expect(paid(fee(100n), moved(100n), fee(100n), moved(100n))).to.deep.equal([0, 2]);
    expect(paid(fee(100n), fee(100n), moved(190n))).to.deep.equal([1]);
  });

  it('that nobody paid take nothing from those that somebody did', () => {
    expect(paid(fee(100n), fee(900n), moved(100n))).to.deep.equal([0]);
  });

  it('are found in time that is linear in the events', () => {
    const looksFor = (size: number) => {
      let looks = 0;
      const watched = (event: ChainEvent) =>
        new Proxy(event, {
          get(target, name) {
            looks += 1;
            return Reflect.get(target, name) as unknown;
          },
        });
      feesReceived(Array.from({ length: size }, () => [moved(1n), fee(1_000_000n)].map(watched)).flat());
      return looks;
    };
    expect(looksFor(1_000)).to.equal(10 * looksFor(100));
  });
});
