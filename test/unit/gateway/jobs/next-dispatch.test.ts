import { expect } from 'chai';
import fc from 'fast-check';
import type { Amounts } from '@capstan/shared/amounts';
import { nextDispatch, type Waiting } from '../../../../services/gateway/src/jobs/next-dispatch.ts';

const waiting = fc.array(fc.record({ running: fc.nat(5), served: fc.nat(5), accepted: fc.nat(1000) }), {
  minLength: 1,
});

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
    expect(nextDispatch([], ROOM, small)).to.equal(undefined);
    expect(nextDispatch([{ running: 0, served: 0, accepted: 1 }], { ...ROOM, free: amounts(0, 9) }, small)).to.equal(
      undefined,
    );
  });

  it('belongs to an owner with the fewest running jobs, of those to who was served longest ago, then to the first', () => {
    fc.assert(
      fc.property(waiting, (owners) => {
        const next = nextDispatch(owners, ROOM, small);
        const fewest = Math.min(...owners.map(({ running }) => running));
        const fair = owners.filter(({ running }) => running === fewest);
        const served = Math.min(...fair.map((owner) => owner.served));
        const accepted = Math.min(...fair.filter((owner) => owner.served === served).map((owner) => owner.accepted));
        expect(next).to.include({ running: fewest, served, accepted });
      }),
    );
  });

  it('lets the second owner in at the next free slot, however many jobs the first one queued', () => {
    const greedy = { owner: 'a', running: 1, served: 1, accepted: 1 };
    const modest = { owner: 'b', running: 0, served: 0, accepted: 1001 };
    expect(nextDispatch([greedy, modest], ROOM, small)).to.equal(modest);
    // Also where there is but one slot, and nothing runs in the moment between two jobs.
    expect(nextDispatch([{ ...greedy, running: 0 }, modest], ROOM, small)).to.equal(modest);
  });

  describe('when the first one needs more than is free', () => {
    interface Asking extends Waiting {
      readonly need: Amounts;
    }
    const needOf = ({ need }: Asking) => need;
    const big: Asking = { running: 0, served: 0, accepted: 1, need: amounts(1, 4, 2) };
    const total = amounts(3, 8, 2);

    it('keeps what it waits for: smaller ones do not overtake it', () => {
      const little: Asking = { running: 0, served: 0, accepted: 2, need: amounts(1, 1, 1) };
      expect(nextDispatch([little, big], { free: amounts(2, 8, 1), total }, needOf)).to.equal(undefined);
      expect(nextDispatch([little, big], { free: amounts(2, 8, 2), total }, needOf)).to.equal(big);
    });

    it('lets others by on what it does not need', () => {
      const other: Asking = { running: 0, served: 0, accepted: 2, need: amounts(1, 4) };
      expect(nextDispatch([big, other], { free: amounts(2, 8, 1), total }, needOf)).to.equal(other);
      expect(nextDispatch([big, other], { free: amounts(2, 7, 1), total }, needOf)).to.equal(undefined);
      expect(nextDispatch([big, other], { free: amounts(1, 8, 1), total }, needOf)).to.equal(undefined);
    });

    it('goes to a runner that says so, if it can not ever fit', () => {
      const huge: Asking = { running: 0, served: 0, accepted: 1, need: amounts(1, 1, 3) };
      expect(nextDispatch([huge], { free: total, total }, needOf)).to.equal(huge);
    });
  });
});
