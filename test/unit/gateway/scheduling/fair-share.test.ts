import { expect } from 'chai';
import fc from 'fast-check';
import type { Amounts } from '@capstan/shared/contract/amounts';
import { takeTurn } from '../../../../services/gateway/src/scheduling/turns.ts';
import { nextByFairShare, type Waiting } from '../../../../services/gateway/src/scheduling/fair-share.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress, aNewJob, anEnvironment, aNonce } from '../a-job.ts';

/** All of one network. */
const FROM = { network: '192.0.2.1', isPaid: false, networkRunning: 0, networkServed: 0 } as const;

const waiting = fc.array(
  fc
    .record({ running: fc.nat(5), served: fc.nat(5), accepted: fc.nat(1000) })
    .map((owner): Waiting => ({ ...FROM, ...owner })),
  { minLength: 1 },
);

const amounts = (places: number, milliCpus: number, gpus = 0): Amounts => ({
  places,
  milliCpus,
  memoryKB: 0,
  diskKB: 0,
  gpus,
});
const SMALL = amounts(1, 1);
const ROOM = { free: amounts(9, 9), total: amounts(9, 9) };
const small = () => SMALL;

describe('the next job to dispatch', () => {
  it('is nobody where nobody waits, or where there is no place', () => {
    expect(nextByFairShare([], ROOM, small)).to.equal(undefined);
    expect(
      nextByFairShare([{ ...FROM, running: 0, served: 0, accepted: 1 }], { ...ROOM, free: amounts(0, 9) }, small),
    ).to.equal(undefined);
  });

  it('belongs to an owner with the fewest running jobs, of those to who was served longest ago, then to the first', () => {
    fc.assert(
      fc.property(waiting, (owners) => {
        const next = nextByFairShare(owners, ROOM, small);
        const fewest = Math.min(...owners.map(({ running }) => running));
        const fair = owners.filter(({ running }) => running === fewest);
        const served = Math.min(...fair.map((owner) => owner.served));
        const accepted = Math.min(...fair.filter((owner) => owner.served === served).map((owner) => owner.accepted));
        expect(next).to.include({ running: fewest, served, accepted });
      }),
    );
  });

  it('lets the second owner in at the next free slot, however many jobs the first one queued', () => {
    const greedy = { ...FROM, owner: 'a', running: 1, served: 1, accepted: 1 };
    const modest = { ...FROM, owner: 'b', running: 0, served: 0, accepted: 1001 };
    expect(nextByFairShare([greedy, modest], ROOM, small)).to.equal(modest);
    // Also where there is but one slot, and nothing runs in the moment between two jobs.
    expect(nextByFairShare([{ ...greedy, running: 0 }, modest], ROOM, small)).to.equal(modest);
  });

  describe('when the first one needs more than is free', () => {
    interface Asking extends Waiting {
      readonly need: Amounts;
    }
    const needOf = ({ need }: Asking) => need;
    const big: Asking = { ...FROM, running: 0, served: 0, accepted: 1, need: amounts(1, 4, 2) };
    const total = amounts(3, 8, 2);

    it('keeps what it waits for: smaller ones do not overtake it', () => {
      const little: Asking = { ...FROM, running: 0, served: 0, accepted: 2, need: amounts(1, 1, 1) };
      expect(nextByFairShare([little, big], { free: amounts(2, 8, 1), total }, needOf)).to.equal(undefined);
      expect(nextByFairShare([little, big], { free: amounts(2, 8, 2), total }, needOf)).to.equal(big);
    });

    it('lets others by on what it does not need', () => {
      const other: Asking = { ...FROM, running: 0, served: 0, accepted: 2, need: amounts(1, 4) };
      expect(nextByFairShare([big, other], { free: amounts(2, 8, 1), total }, needOf)).to.equal(other);
      expect(nextByFairShare([big, other], { free: amounts(2, 7, 1), total }, needOf)).to.equal(undefined);
      expect(nextByFairShare([big, other], { free: amounts(1, 8, 1), total }, needOf)).to.equal(undefined);
    });

    it('goes to a runner that says so, if it can not ever fit', () => {
      const huge: Asking = { ...FROM, running: 0, served: 0, accepted: 1, need: amounts(1, 1, 3) };
      expect(nextByFairShare([huge], { free: total, total }, needOf)).to.equal(huge);
    });
  });
});

describe('a queue that a stranger fills', () => {
  const PLACE = { free: amounts(1, 9), total: amounts(1, 9) };
  const HONEST = { owner: anAddress(1), network: '198.51.100.1' };

  /** One place: how many rounds it takes until all jobs of an honest owner had it, who was served before. */
  const roundsUntilServed = async (jobs: number, networkOf: (round: number) => string, isPaid = false) => {
    const store = openStore(':memory:');
    let count = 0;
    const add = (from: { readonly owner: ReturnType<typeof anAddress>; readonly network: string }) => {
      count += 1;
      const job = aNewJob({
        jobId: aJobId(count),
        nonce: aNonce(count),
        environment: anEnvironment(),
        ...from,
        isPaid,
      });
      return store.write(() => store.jobs.add(job, '{}'));
    };
    const serve = async () => {
      const next = nextByFairShare(store.queue.waitingOwners(anEnvironment()), PLACE, small);
      const job = next && store.jobs.find(next.jobId);
      if (!job) throw new Error('nobody waits');
      const state = { run: 1, attempt: 1, code: 70 } as const;
      const over = { expiresAt: null, resultsDid: '', termination: null, results: [], dateFinished: 2_000, state };
      await store.write(() => {
        takeTurn(store, job.jobId, 1);
        store.jobs.advance(job, over);
      });
      return job.owner;
    };
    await add(HONEST);
    await serve();
    for (let i = 0; i < 50; i += 1) await add({ owner: anAddress(100 + i), network: networkOf(-1) });
    for (let i = 0; i < jobs; i += 1) await add(HONEST);
    let left = jobs;
    let rounds = 0;
    for (; left > 0 && rounds < 200; rounds += 1) {
      await add({ owner: anAddress(1_000 + rounds), network: networkOf(rounds) });
      if ((await serve()) === HONEST.owner) left -= 1;
    }
    store.close();
    return rounds;
  };

  it('serves others in turn, though each job of one network is of a new address', async () => {
    expect(await roundsUntilServed(5, () => '192.0.2.1')).to.be.at.most(11);
  });

  it('serves others in turn, though each job comes from a new network', async () => {
    expect(await roundsUntilServed(1, (round) => `192.0.2.${round + 1}`)).to.be.at.most(3);
  });
});
