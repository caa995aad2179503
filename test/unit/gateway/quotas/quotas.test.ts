import { expect } from 'chai';
import fc from 'fast-check';
import { overKept, overWaiting, type Quotas, type Standing } from '../../../../services/gateway/src/quotas/quotas.ts';
import { NOTHING_USED } from '../../../../services/gateway/src/store/usage.ts';

const QUOTAS: Quotas = { jobsPerAddress: 10, bytesPerAddress: 1_000, jobs: 100, bytes: 100_000, keptBytes: 4_000 };
const nobody: Standing = { owner: NOTHING_USED, network: NOTHING_USED, free: NOTHING_USED, paid: NOTHING_USED };
const used = (jobs: number, bytes = 0, keptBytes = 0) => ({ jobs, bytes, keptBytes });
const free = { bytes: 1, isPaid: false };

describe('what may wait', () => {
  it('is bounded for an address, in jobs and in bytes', () => {
    expect(overWaiting(free, { ...nobody, owner: used(9) }, QUOTAS)).to.equal(undefined);
    expect(overWaiting(free, { ...nobody, owner: used(10) }, QUOTAS)).to.include({ whose: 'address' });
    expect(overWaiting({ ...free, bytes: 501 }, { ...nobody, owner: used(1, 500) }, QUOTAS)).to.include({
      whose: 'address',
      setting: 'waitingPerAddressMB',
    });
  });

  it('is said in words that fit one as well as many', () => {
    const one = { ...QUOTAS, jobsPerAddress: 1 };
    expect(overWaiting(free, { ...nobody, owner: used(1) }, one)?.what).to.equal('1 job waits for its turn');
    expect(overWaiting(free, { ...nobody, owner: used(10) }, QUOTAS)?.what).to.equal('10 jobs wait for their turn');
    expect(overWaiting({ ...free, bytes: 501 }, { ...nobody, owner: used(1, 500) }, QUOTAS)?.what).to.match(
      /^what 1 waiting job holds takes /,
    );
  });

  it('is at most a quarter of the node for a network, whatever addresses it has', () => {
    expect(overWaiting(free, { ...nobody, network: used(24) }, QUOTAS)).to.equal(undefined);
    expect(overWaiting(free, { ...nobody, network: used(25) }, QUOTAS)).to.include({ whose: 'network' });
    expect(overWaiting(free, { ...nobody, network: used(1, 25_000) }, QUOTAS)).to.include({ whose: 'network' });
  });

  it('leaves a quarter to orders that are paid', () => {
    const full = { ...nobody, free: used(75) };
    expect(overWaiting(free, full, QUOTAS)).to.include({ whose: 'node' });
    expect(overWaiting({ ...free, isPaid: true }, full, QUOTAS)).to.equal(undefined);
    expect(overWaiting({ ...free, isPaid: true }, { ...full, paid: used(25) }, QUOTAS)).to.include({ whose: 'node' });
  });

  it('never lets one network keep others out', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 400 }), (senders) => {
        const waiting = { owners: new Map<number, number>(), all: 0 };
        // One network with as many addresses as it likes.
        for (const owner of senders) {
          const theirs = waiting.owners.get(owner) ?? 0;
          const standing = { ...nobody, owner: used(theirs), network: used(waiting.all), free: used(waiting.all) };
          if (overWaiting(free, standing, QUOTAS)) continue;
          waiting.owners.set(owner, theirs + 1);
          waiting.all += 1;
        }
        expect(overWaiting(free, { ...nobody, free: used(waiting.all) }, QUOTAS)).to.equal(undefined);
      }),
    );
  });
});

describe('what may be kept', () => {
  it('is divided in the same way', () => {
    expect(overKept(false, { ...nobody, owner: used(0, 0, 999) }, QUOTAS)).to.equal(undefined);
    expect(overKept(false, { ...nobody, owner: used(0, 0, 1_000) }, QUOTAS)).to.include({ whose: 'address' });
    expect(overKept(false, { ...nobody, network: used(0, 0, 1_000) }, QUOTAS)).to.include({ whose: 'network' });
    const full = { ...nobody, free: used(0, 0, 3_000) };
    expect(overKept(false, full, QUOTAS)).to.include({ whose: 'node' });
    expect(overKept(true, full, QUOTAS)).to.equal(undefined);
    expect(overKept(false, full, { ...QUOTAS, keptBytes: undefined })).to.equal(undefined);
  });
});
