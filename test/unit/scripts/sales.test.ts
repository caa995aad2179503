import { expect } from 'chai';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import { judgeSales } from '../../../scripts/doctor/sales.ts';

const NO_TOKEN = `0x${'0'.repeat(40)}`;
const TOKEN = `0x${'aa'.repeat(20)}`;

describe('what the doctor says of prices', () => {
  type Environment = Parameters<typeof judgeSales>[0][number];
  const environment = (id: string, more: Partial<Environment> = {}): Environment => {
    return { id: id as EnvironmentId, orders: 'free', priceMin: 0, feeToken: NO_TOKEN, ...more };
  };
  const sold = environment('sold', { orders: 'chain', priceMin: 1, feeToken: TOKEN });
  const said = (...environments: readonly Environment[]) =>
    judgeSales(environments).map(({ level, text }) => `${level}: ${text}`);

  it('is nothing where all is as it looks', () => {
    expect(said(environment('a'), environment('b'))).to.deep.equal(['ok: nothing is sold']);
    expect(said(sold)).to.deep.equal(['ok: sold for orders: sold']);
    const elsewhere = environment('a', { allowedChainId: [1] });
    expect(said({ ...sold, allowedChainId: [137] }, elsewhere)).to.deep.equal(['ok: sold for orders: sold']);
  });

  it('is that nobody pays a price without a token, or where orders are free', () => {
    expect(said({ ...sold, feeToken: NO_TOKEN })).to.deep.equal([
      'bad: sold has a price and no token that it is paid in, so nobody pays it',
    ]);
    expect(said({ ...sold, orders: 'free' })).to.deep.equal([
      'bad: sold has a price that nobody pays: its orders are free',
    ]);
  });

  it('is that a token is one on its own chain, where there are several', () => {
    const judged = (environments: readonly Environment[], chains: number) =>
      judgeSales(environments, chains).map(({ level, text }) => `${level}: ${text}`);
    expect(judged([sold], 2)).to.deep.equal([
      'warn: sold is paid in a token of one chain, and sells for assets of all: on another, whatever has that address pays',
    ]);
    expect(judged([sold], 1)).to.deep.equal(['ok: sold for orders: sold']);
    expect(judged([{ ...sold, allowedChainId: [137] }], 2)).to.deep.equal(['ok: sold for orders: sold']);
    expect(judged([{ ...sold, priceMin: 0 }], 2)).to.deep.equal(['ok: sold for orders: sold']);
  });

  it('is that a free environment gives away what others sell', () => {
    const text = 'warn: who names a computes for nothing on assets that are sold in sold';
    expect(said(sold, environment('a'))).to.deep.equal([text]);
    const both = [1, 137];
    expect(said({ ...sold, allowedChainId: [137] }, environment('a', { allowedChainId: both }))).to.deep.equal([text]);
  });
});
