import { expect } from 'chai';
import { MOST_OF_AN_OWNER } from '../../../../services/gateway/src/store/revoked-tokens.ts';
import { openStore, type Store } from '../../../../services/gateway/src/store/store.ts';
import { anAddress } from '../a-job.ts';

const [OWNER, OTHER] = [anAddress(1), anAddress(2)];
/** Unix seconds. */
const START = 1_800_000_000;

describe('tokens that were taken back', () => {
  let store: Store;
  beforeEach(() => {
    store = openStore(':memory:');
  });
  afterEach(() => store.close());

  const token = (address: typeof OWNER, n: number) => ({ jti: `${address}.${n}`, address, exp: START + n });
  const takeBack = (address: typeof OWNER, numbers: readonly number[]) =>
    store.write(() => numbers.forEach((n) => store.revokedTokens.add(token(address, n))));
  const upTo = (most: number) => Array.from({ length: most }, (_, n) => n);
  const rows = () => store.write(() => store.revokedTokens.prune(START + 1e6, 1e6));

  it('are each known, and no others', async () => {
    await takeBack(OWNER, [5]);
    expect(store.revokedTokens.has(token(OWNER, 5))).to.equal(true);
    expect(store.revokedTokens.has(token(OWNER, 4))).to.equal(false);
    expect(store.revokedTokens.has(token(OTHER, 5))).to.equal(false);
  });

  it('take up so many rows of an owner at most, and none of them counts again', async () => {
    await takeBack(OWNER, upTo(5 * MOST_OF_AN_OWNER));
    for (const n of upTo(5 * MOST_OF_AN_OWNER)) expect(store.revokedTokens.has(token(OWNER, n))).to.equal(true);
    expect(await rows()).to.be.at.most(MOST_OF_AN_OWNER + 1);
  });

  it('are bounded for each owner: what one takes back changes nothing for another, nor what ends later', async () => {
    await takeBack(OTHER, [1]);
    await takeBack(OWNER, upTo(2 * MOST_OF_AN_OWNER));
    expect(store.revokedTokens.has(token(OTHER, 2))).to.equal(false);
    expect(store.revokedTokens.until(OTHER)).to.equal(undefined);
    expect(store.revokedTokens.has(token(OWNER, 2 * MOST_OF_AN_OWNER))).to.equal(false);
    expect(store.revokedTokens.until(OWNER)).to.be.lessThan(START + 2 * MOST_OF_AN_OWNER);
  });

  it('are forgotten, so many at a time, once they would have ended anyway', async () => {
    await takeBack(OWNER, upTo(10));
    const prune = (most: number) => store.write(() => store.revokedTokens.prune(START + 8, most));
    expect([await prune(5), await prune(5), await prune(5)]).to.deep.equal([5, 3, 0]);
    expect(store.revokedTokens.has(token(OWNER, 7))).to.equal(false);
    expect(store.revokedTokens.has(token(OWNER, 8))).to.equal(true);
  });
});
