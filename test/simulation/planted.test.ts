import { expect } from 'chai';
import fc from 'fast-check';
import { schedulesWith } from './actions.ts';
import { GUIDES } from './planted/guides.ts';
import { BUGS, type Bug } from './planted/bugs.ts';
import type { Wiring } from './planted/wiring.ts';
import { createDatabases } from './parts/databases.ts';
import { report, search } from './search.ts';
import { simulate } from './simulate.ts';

const SEED = 20_300_101;
/** Within so many schedules, a known bug is found. */
const ENOUGH = 150;
/** Of those that a mistake needs, for the node without it. */
const GUIDED = 40;
/** Each at its own pace: a machine that is busy with something else takes a multiple. */
const LIMIT_MS = 600_000;

/** Which rules a bug breaks, any of them. */
const BROKEN_BY: Readonly<Record<Bug, readonly number[]>> = {
  'ack before commit': [1, 3, 4, 7, 8],
  'second start after adoption': [2],
  'event after end': [1, 3],
  'lost nonce': [8],
  'cursor gap': [4],
  'claim skipped': [2],
  'claim answered from a stale read': [2],
  'ack before claim': [2],
  'taken over too early': [2],
  'container started under an old attempt': [2],
  'marks unsynced': [2],
  'exit read from an older container': [2],
};

describe('the simulation', function () {
  this.timeout(LIMIT_MS);

  const databases = createDatabases();

  for (const bug of Object.keys(BUGS) as Bug[]) {
    it(`finds a node with this mistake: ${bug}`, async () => {
      const broken = await firstViolations(bug);
      expect(
        broken.some((rule) => BROKEN_BY[bug].includes(rule)),
        `broken: ${broken.join(', ')}`,
      ).to.equal(true);
    });
  }

  for (const [guide, schedules] of Object.entries(GUIDES)) {
    it(`finds nothing in a node without a mistake where all of this coincides: ${guide}`, async () => {
      for (const schedule of fc.sample(schedules, { numRuns: GUIDED, seed: SEED })) {
        const { violations } = await simulate(schedule, { databases });
        expect(violations).to.deep.equal([]);
      }
    });
  }

  for (const runners of [1, 2, 3] as const) {
    it(`does the very same again for the same schedule, to the last line of the log, with runners: ${runners}`, async () => {
      for (const schedule of fc.sample(schedulesWith(runners), { numRuns: 10, seed: SEED })) {
        const [first, second] = [
          await simulate(schedule, { databases, isLogged: true }),
          await simulate(schedule, { databases, isLogged: true }),
        ];
        expect(second.trace).to.deep.equal(first.trace);
        expect(first.trace.length).to.be.greaterThan(20);
      }
    });
  }

  it('finds the database of each schedule as a new one is', async () => {
    const [busy] = fc.sample(schedulesWith(1), { numRuns: 1, seed: SEED });
    if (!busy) throw new Error('there is no schedule');
    const afresh = await simulate(busy, { isLogged: true });
    await simulate(busy, { databases, wiring: BUGS['ack before commit'] });
    const again = await simulate(busy, { databases, isLogged: true });
    expect(again.trace).to.deep.equal(afresh.trace);
  });

  it('comes to a schedule again by seed and path, made small', async () => {
    const wiring = BUGS['second start after adoption'];
    const found = await search({ seed: SEED, schedules: ENOUGH, runners: 1, wiring, shrinkLimitMs: 2_000 });
    if (!found) throw new Error('it found nothing');
    const { path, trace } = found;
    const again = await search({ seed: SEED, schedules: 1, runners: 1, path, wiring, shrinkLimitMs: 0 });
    expect(again?.trace).to.deep.equal(trace);
    expect(report(found, 'second start after adoption')).to.include(`--seed ${SEED} --path ${path}`);
  });

  async function firstViolations(bug: Bug): Promise<readonly number[]> {
    const wiring: Wiring = BUGS[bug];
    const schedules = wiring.schedules ?? schedulesWith(wiring.runners);
    for (const schedule of fc.sample(schedules, { numRuns: ENOUGH, seed: SEED })) {
      const { violations } = await simulate(schedule, { wiring, databases });
      if (violations.length > 0) return violations.map(({ rule }) => rule);
    }
    return [];
  }
});
