import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import fc from 'fast-check';
import { schedulesWith } from './actions.ts';
import { BUGS, SOUND, type Bug } from './bugs.ts';
import { report, search } from './search.ts';
import { simulate } from './simulate.ts';

const SEED = 20_300_101;
/** One search a core. */
const SEEDS = [SEED, SEED + 1];
const SCHEDULES = 1_000;
const SHARED = 200;
/** Within so many schedules, a known bug is found. */
const ENOUGH = 150;
/** Each at its own pace: a machine that is busy with something else takes a multiple. */
const LIMIT_MS = 600_000;

/** Which rules a bug breaks, any of them. */
const BROKEN_BY: Readonly<Record<Bug, readonly number[]>> = {
  'ack before commit': [1, 3, 4, 7, 8],
  'second start after adoption': [2],
  'event after end': [1, 3],
  'lost nonce': [8],
  'cursor gap': [4],
};

describe('a node that anything may befall', function () {
  this.timeout(LIMIT_MS);

  it(`keeps its eight rules, in ${SEEDS.length * SCHEDULES} schedules of crashes, cuts, delays and losses`, async () => {
    const outputs = await Promise.all(SEEDS.map(searchFrom));
    for (const output of outputs) expect(output).to.include(`${SCHEDULES} schedules`).and.to.include(', 0 violations');
  });
});

describe('two runners that share an environment', function () {
  this.timeout(LIMIT_MS);

  it(`keep the rules, in ${SHARED} schedules; only a start that NATS was away for may be made by both`, async () => {
    const rules = [1, 3, 4, 5, 6, 7, 8] as const;
    const found = await search({ seed: SEED, schedules: SHARED, runners: 2, rules, wiring: SOUND });
    expect(found && report(found, undefined)).to.equal(undefined);
  });
});

/** In a process of its own, for a core of its own. Resolves to all that it says. */
async function searchFrom(seed: number): Promise<string> {
  // What it covers, the other tests cover as well; counting it takes longer than all the rest.
  const { NODE_V8_COVERAGE: _counting, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'main.ts'), '--seeds', String(SCHEDULES), '--seed', String(seed)],
    {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return text(child.stdout);
}

describe('the simulation', function () {
  this.timeout(LIMIT_MS);

  for (const bug of Object.keys(BUGS) as Bug[]) {
    it(`finds a node with this mistake: ${bug}`, async () => {
      const broken = await firstViolations(bug);
      expect(
        broken.some((rule) => BROKEN_BY[bug].includes(rule)),
        `broken: ${broken.join(', ')}`,
      ).to.equal(true);
    });
  }

  it('does the very same again for the same schedule, to the last line of the log', async () => {
    for (const schedule of fc.sample(schedulesWith(1), { numRuns: 10, seed: SEED })) {
      const [first, second] = [
        await simulate(schedule, { isLogged: true }),
        await simulate(schedule, { isLogged: true }),
      ];
      expect(second.trace).to.deep.equal(first.trace);
      expect(first.trace.length).to.be.greaterThan(20);
    }
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
});

async function firstViolations(bug: Bug): Promise<readonly number[]> {
  for (const schedule of fc.sample(schedulesWith(1), { numRuns: ENOUGH, seed: SEED })) {
    const { violations } = await simulate(schedule, { wiring: BUGS[bug] });
    if (violations.length > 0) return violations.map(({ rule }) => rule);
  }
  return [];
}
