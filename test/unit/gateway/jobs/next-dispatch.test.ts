import { expect } from 'chai';
import fc from 'fast-check';
import { nextDispatch } from '../../../../services/gateway/src/jobs/next-dispatch.ts';

const waiting = fc.array(fc.record({ running: fc.nat(5), accepted: fc.nat(1000) }), { minLength: 1 });

describe('the next job to dispatch', () => {
  it('is nobody where nobody waits', () => {
    expect(nextDispatch([])).to.equal(undefined);
  });

  it('belongs to an owner with the fewest running jobs, and to the first of those', () => {
    fc.assert(
      fc.property(waiting, (owners) => {
        const next = nextDispatch(owners);
        const fewest = Math.min(...owners.map(({ running }) => running));
        const first = Math.min(...owners.filter(({ running }) => running === fewest).map(({ accepted }) => accepted));
        expect(next).to.include({ running: fewest, accepted: first });
      }),
    );
  });

  it('lets the second owner in at the next free slot, however many jobs the first one queued', () => {
    const greedy = { owner: 'a', running: 1, accepted: 1 };
    const modest = { owner: 'b', running: 0, accepted: 1001 };
    expect(nextDispatch([greedy, modest])).to.equal(modest);
  });
});
