import { expect } from 'chai';
import fc from 'fast-check';
import { fits, minus, neededBy, NOTHING, plus, totalOf, type Amounts } from '@capstan/shared/contract/amounts';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import {
  freeGpus,
  mayAsk,
  whatFits,
  type Occupant,
  type Offer,
} from '../../../../services/runner/src/environments/capacity.ts';

const id = 'local' as EnvironmentId;
const anOffer = (changes: Partial<Environment> = {}, gpus: readonly string[] = []): Offer => ({
  environment: {
    id,
    maxJobs: 2,
    nCPU: 4,
    ramGB: 4,
    diskGB: 4,
    nGPU: gpus.length,
    perJob: { cpus: 4, ramGB: 4, diskGB: 4, gpus: gpus.length, maxDurationS: 60 },
    ...changes,
  } as Environment,
  gpus,
});

interface Named extends Occupant {
  readonly name: string;
}

const needing = (offer: Offer, resources: Parameters<typeof neededBy>[0]) => neededBy(resources, offer.environment);
const holding = (name: string, need: Amounts): Named => ({
  name,
  environment: id,
  state: 'holding',
  hasCommand: true,
  need,
  gpus: [],
});
const working = (name: string, need: Amounts, gpus: readonly string[] = []): Named => ({
  ...holding(name, need),
  state: 'working',
  gpus,
});
const names = (occupants: readonly Named[]) => occupants.map(({ name }) => name).join(' ');

describe('the ledger of a runner', () => {
  const one = { cpus: 1, ramGB: 1, diskGB: 1 };

  it('lets begin what fits beside what works in the same environment', () => {
    const offer = anOffer({ maxJobs: 3 });
    const need = needing(offer, one);
    const elsewhere = { ...working('elsewhere', need), environment: 'other' as EnvironmentId };
    const waiting = [holding('a', need), holding('b', need), holding('c', need)];
    expect(names(whatFits(offer, [working('x', need), elsewhere, ...waiting]))).to.equal('a b');
    expect(
      names(whatFits(offer, [working('x', need), working('y', needing(offer, { cpus: 3 })), ...waiting])),
    ).to.equal('');
  });

  it('keeps for who waits what it waits for, and lets others by on what it does not need', () => {
    const offer = anOffer({ maxJobs: 9 }, ['0', '1']);
    const both = needing(offer, { ...one, gpus: 2 });
    const single = needing(offer, { ...one, gpus: 1 });
    const none = needing(offer, one);
    const waiting = [
      holding('both', both),
      holding('single', single),
      holding('none', none),
      holding('none2', none),
      holding('none3', none),
    ];
    expect(names(whatFits(offer, [working('x', single, ['0']), ...waiting]))).to.equal('none');
  });

  it('lends a GPU to one job at a time, also where two environments have the same', () => {
    const offer = anOffer({}, ['0', '1', '2']);
    const need = needing(offer, { ...one, gpus: 1 });
    const others = { ...working('x', need, ['1']), environment: 'other' as EnvironmentId };
    expect(freeGpus(offer, [others, working('y', need, ['0'])])).to.deep.equal(['2']);
    const two = holding('two', needing(offer, { ...one, gpus: 2 }));
    expect(names(whatFits(offer, [others, working('y', need, ['0']), two]))).to.equal('');
  });

  it('asks for the commands of runs that were adopted, also when it is full', () => {
    const offer = anOffer();
    const adopted = { ...working('adopted', needing(offer, one)), hasCommand: false };
    expect(mayAsk(offer, [adopted, adopted])).to.equal(true);
    const known = working('known', needing(offer, one));
    expect(mayAsk(offer, [known, { ...known, state: 'holding' }])).to.equal(false);
  });

  it('never gives away more than there is, and everybody has a turn', () => {
    const gpus = ['0', '1', '2'];
    const asked = fc.record(
      {
        cpus: fc.double({ min: 0.01, max: 4, noNaN: true }),
        ramGB: fc.double({ min: 0.01, max: 4, noNaN: true }),
        diskGB: fc.double({ min: 0.01, max: 4, noNaN: true }),
        gpus: fc.nat(3),
      },
      { requiredKeys: [] },
    );
    const step = fc.record({ ends: fc.nat(9), comes: fc.option(asked, { nil: undefined }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 40 }), (maxJobs, steps) => {
        const offer = anOffer({ maxJobs }, gpus);
        const total = totalOf(offer.environment);
        let occupants: Named[] = [];
        let count = 0;
        const settle = () => {
          for (const { name } of whatFits(offer, occupants)) {
            occupants = occupants.map((occupant) =>
              occupant.name === name
                ? working(name, occupant.need, freeGpus(offer, occupants).slice(0, occupant.need.gpus))
                : occupant,
            );
          }
          const active = occupants.filter(({ state }) => state === 'working');
          expect(fits(active.map(({ need }) => need).reduce(plus, NOTHING), total)).to.equal(true);
          const leased = active.flatMap((occupant) => occupant.gpus);
          expect(new Set(leased).size).to.equal(leased.length);
          for (const occupant of active) expect(occupant.gpus).to.have.length(occupant.need.gpus);
        };
        const end = (index: number) => {
          const active = occupants.filter(({ state }) => state === 'working');
          const ended = active[index % Math.max(1, active.length)];
          occupants = occupants.filter((occupant) => occupant !== ended);
        };
        for (const { ends, comes } of steps) {
          if (comes) occupants.push(holding(String((count += 1)), needing(offer, comes)));
          else end(ends);
          settle();
        }
        for (let left = occupants.length; left > 0; left -= 1) {
          end(0);
          settle();
        }
        expect(occupants).to.deep.equal([]);
      }),
    );
  });
});

describe('amounts', () => {
  it('of equal shares fit together, however they divide', () => {
    const sizes = fc.double({ min: 0.01, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(sizes, sizes, sizes, fc.integer({ min: 1, max: 50 }), (nCPU, ramGB, diskGB, maxJobs) => {
        const offered = { nCPU, ramGB, diskGB, nGPU: 0, maxJobs };
        let free = totalOf(offered);
        for (let jobs = 0; jobs < maxJobs; jobs += 1) {
          expect(fits(neededBy(undefined, offered), free)).to.equal(true);
          free = minus(free, neededBy(undefined, offered));
        }
      }),
    );
  });

  it('of one job are never more than there is', () => {
    const offered = { ...anOffer().environment, perJob: { cpus: 99, ramGB: 99, diskGB: 99, gpus: 0, maxDurationS: 1 } };
    expect(neededBy(undefined, offered)).to.deep.equal({ ...totalOf(offered), places: 1 });
    expect(neededBy({ cpus: 0.3, ramGB: 0.0000001 }, offered)).to.include({ milliCpus: 300, memoryKB: 1 });
  });
});
