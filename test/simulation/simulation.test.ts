import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { Runners } from './parts/members.ts';

const SEED = 20_300_101;
/** One search a core. */
const SEEDS = [SEED, SEED + 1];
/** More than any mistake of `planted/` needs to be found. For a longer search there is `npm run simulate`. */
const SCHEDULES = 300;
const SHARED = { 2: 200, 3: 100 } as const;
/** Each at its own pace: a machine that is busy with something else takes a multiple. */
const LIMIT_MS = 600_000;

const searching = new Set<ChildProcess>();

describe('a node that anything may befall', function () {
  this.timeout(LIMIT_MS);

  afterEach(endSearches);

  it(`keeps its eight rules, in ${SEEDS.length * SCHEDULES} schedules of crashes, cuts, delays and losses`, async () => {
    const outputs = await Promise.all(SEEDS.map((seed) => searchFrom(seed, SCHEDULES, 1)));
    for (const output of outputs) expect(output).to.include(`${SCHEDULES} schedules`).and.to.include(', 0 violations');
  });
});

for (const runners of [2, 3] as const) {
  const schedules = SHARED[runners];
  describe(`${runners} runners that share an environment`, function () {
    this.timeout(LIMIT_MS);

    afterEach(endSearches);

    it(`keep the eight rules, too, in ${SEEDS.length * schedules} schedules`, async () => {
      const outputs = await Promise.all(SEEDS.map((seed) => searchFrom(seed, schedules, runners)));
      for (const output of outputs)
        expect(output).to.include(`${schedules} schedules`).and.to.include(', 0 violations');
    });
  });
}

/** In a process of its own, for a core of its own. Resolves to all that it says. */
async function searchFrom(seed: number, schedules: number, runners: Runners): Promise<string> {
  // What it covers, the other tests cover as well; counting it takes longer than all the rest.
  const { NODE_V8_COVERAGE: _counting, ...environment } = process.env;
  const words = { seeds: schedules, seed, runners };
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'main.ts'),
      ...Object.entries(words).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
    { env: environment, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  searching.add(child);
  return text(child.stdout);
}

/** Also those of a test whose time was over. */
async function endSearches(): Promise<void> {
  for (const child of searching) {
    searching.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}
