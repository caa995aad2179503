import type { Nonce } from '@capstan/shared/contract/ids';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  boundAfter,
  compareNonces,
  guessedNonces,
  isFresh,
  shownNonce,
} from '../../../../services/gateway/src/auth/nonce.ts';
import { createNonceBook } from '../../../../services/gateway/src/auth/nonce-book.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { anAddress, aNonce } from '../a-job.ts';

const NET = '192.0.2.1';

describe('the book of nonces', () => {
  const aBook = () => {
    const store = openStore(':memory:');
    let writes = 0;
    const counted = {
      nonces: store.nonces,
      write: <T>(work: Parameters<typeof store.write<T>>[0]) => {
        writes += 1;
        return store.write(work);
      },
    };
    const spend = (book: ReturnType<typeof createNonceBook>, nonce: string) =>
      store
        .write(() => book.spend(anAddress(), aNonce(nonce), NET))
        .then(
          () => true,
          () => false,
        );
    return { store, counted, book: createNonceBook(counted), spend, writes: () => writes };
  };

  it('lets no act have a nonce that was seen in a status, nor one below', async () => {
    const { book, spend } = aBook();
    expect(await spend(book, '5')).to.equal(true);
    await book.seen(anAddress(), aNonce('9'));
    expect(book.highest(anAddress())).to.equal('9');
    for (const used of ['5', '8', '9', '9.0']) expect(await spend(book, used), used).to.equal(false);
    expect(await spend(book, '9.5')).to.equal(true);
  });

  it('writes nothing for a status that comes again, and once a second for others', async () => {
    const { book, spend, writes } = aBook();
    await spend(book, '1732450000000');
    const before = writes();
    for (let n = 1; n <= 100; n += 1) await book.seen(anAddress(), aNonce(1_732_450_000_000 + n));
    expect(writes() - before).to.equal(1);
    expect(book.highest(anAddress())).to.equal('1732450000100');
    expect(await spend(book, '1732450000101'), 'exactly the next one').to.equal(true);
  });

  it('forgets nothing that was seen when the node ends at any moment', async () => {
    const { counted, book, spend } = aBook();
    await spend(book, '1732450000000');
    for (const n of [1, 500, 900]) await book.seen(anAddress(), aNonce(1_732_450_000_000 + n));
    const after = createNonceBook(counted);
    for (const n of [1, 500, 900]) expect(await spend(after, String(1_732_450_000_000 + n))).to.equal(false);
    expect(await spend(after, String(1_732_450_000_901 + 1_000)), 'a second later').to.equal(true);
  });

  it('keeps no trace of an address whose request touched nothing', async () => {
    const { store, book } = aBook();
    await store.write(() => book.spendIfKnown(anAddress(), aNonce('7'), NET));
    await book.seenIfKnown(anAddress(), aNonce('8'), NET);
    expect(store.nonces.find(anAddress())).to.equal(undefined);
    await store.write(() => book.spend(anAddress(), aNonce('9'), NET));
    await store.write(() => book.spendIfKnown(anAddress(), aNonce('10'), NET));
    expect(book.highest(anAddress())).to.equal('10');
  });

  it('lets no act have what a stranger signed otherwise, and tells the nonce', async () => {
    const { book, spend, writes } = aBook();
    const before = writes();
    await book.seenIfKnown(anAddress(), aNonce('7'), NET);
    expect(writes()).to.equal(before);
    expect(book.highest(anAddress())).to.equal('7');
    expect(await spend(book, '7')).to.equal(false);
    expect(await spend(book, '8')).to.equal(true);
    // From here on it is in the store.
    await book.seenIfKnown(anAddress(), aNonce('9'), NET);
    expect(await spend(book, '9')).to.equal(false);
  });
});

describe('a nonce that is told', () => {
  const nonces = fc.oneof(
    fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String),
    fc.constantFrom('9007199254740991', '9007199254740992', '9007199254740993', '18014398509481984', '1.5', '0'),
  );

  it('is one that clients can count on from: exactly, and as ocean.js does', () => {
    fc.assert(
      fc.property(nonces, (text) => {
        const last = text as Nonce;
        const shown = shownNonce(last);
        expect(compareNonces(shown as Nonce, last)).to.be.at.least(0);
        const counted = String(Number(shown) + 1);
        expect(isFresh(counted as Nonce, last), `${text}: ${shown} and ${counted}`).to.equal(true);
        expect(guessedNonces(last)).to.include(counted);
        if (BigInt(text.split('.')[0] ?? '') < 2n ** 53n - 1n) expect(compareNonces(shown as Nonce, last)).to.equal(0);
      }),
    );
    expect(shownNonce(undefined)).to.equal('0');
    expect(shownNonce(`1${'0'.repeat(40)}` as Nonce)).to.equal(`1${'0'.repeat(40)}`);
  });

  it('is bounded ahead by a second of its unit', () => {
    expect(boundAfter('5' as Nonce)).to.equal('6');
    expect(boundAfter('1644315615.24195' as Nonce)).to.equal('1644315616');
    expect(boundAfter('1732450000000' as Nonce)).to.equal('1732450001000');
    expect(isFresh('9'.repeat(78) as Nonce, boundAfter('9'.repeat(78) as Nonce))).to.equal(false);
  });
});
