import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { createCautiousClock } from '@capstan/shared/runtime/cautious-clock';
import { createLog } from '@capstan/shared/runtime/log';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START = Date.parse('2026-03-01T00:00:00Z');
const log = createLog('test', 'silent');

async function scene() {
  const folder = await temporaryFolder('clock');
  const path = join(folder.path, 'clock.json');
  const time = { wallMs: START, monotonicMs: 0, setAtMs: undefined as number | undefined };
  const clock = { now: () => time.wallMs, monotonicMs: () => time.monotonicMs };
  const pass = (ms: number) => {
    time.wallMs += ms;
    time.monotonicMs += ms;
  };
  const create = () => createCautiousClock({ path, clock, log, synchronisedAt: () => time.setAtMs });
  return { path, time, pass, create, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe('the time by which things are deleted', () => {
  it('is the present, as long as the clock goes steadily', async () => {
    await using at = await scene();
    const cautious = at.create();
    for (const ms of [1, MINUTE_MS, 10 * DAY_MS]) {
      at.pass(ms);
      expect(cautious.now()).to.equal(at.time.wallMs);
    }
    at.time.wallMs += 59 * MINUTE_MS;
    expect(cautious.now()).to.equal(at.time.wallMs);
    expect(cautious.problem()).to.equal(undefined);
  });

  it('does not follow a clock that is ahead for seconds', async () => {
    await using at = await scene();
    const cautious = at.create();
    cautious.now();
    at.time.wallMs += 400 * DAY_MS;
    at.pass(3_000);
    expect(cautious.now()).to.equal(START + 3_000);
    expect(cautious.problem()).to.match(/leapt/);
    at.time.wallMs -= 400 * DAY_MS;
    at.pass(1_000);
    expect(cautious.now()).to.equal(START + 4_000);
    at.pass(15 * MINUTE_MS);
    expect(cautious.now()).to.equal(at.time.wallMs);
  });

  it('follows after fifteen minutes of steady going, by itself, and each leap counts anew', async () => {
    await using at = await scene();
    const cautious = at.create();
    cautious.now();
    at.time.wallMs += DAY_MS;
    cautious.now();
    at.pass(14 * MINUTE_MS);
    expect(cautious.now()).to.equal(START + 14 * MINUTE_MS);
    at.time.wallMs += DAY_MS;
    cautious.now();
    at.pass(14 * MINUTE_MS);
    expect(cautious.now()).to.equal(START + 28 * MINUTE_MS);
    at.pass(MINUTE_MS);
    expect(cautious.now()).to.equal(at.time.wallMs);
    expect(cautious.problem()).to.equal(undefined);
  });

  it('never runs ahead of a clock that was set back', async () => {
    await using at = await scene();
    const cautious = at.create();
    cautious.now();
    at.time.wallMs -= DAY_MS;
    expect(cautious.now()).to.equal(START - DAY_MS);
  });

  it('follows at once when the machine says that its clock is right', async () => {
    await using at = await scene();
    const cautious = at.create();
    at.time.setAtMs = START - DAY_MS;
    cautious.now();
    at.time.wallMs += 2 * HOUR_MS;
    expect(cautious.now()).to.equal(START);
    at.time.setAtMs = at.time.wallMs;
    expect(cautious.now()).to.equal(at.time.wallMs);
  });

  it('remembers over a restart what it believed, also in the middle of a leap', async () => {
    await using at = await scene();
    const first = at.create();
    await first.start();
    at.pass(MINUTE_MS);
    await first.stop();
    expect(JSON.parse(await readFile(at.path, 'utf8'))).to.deep.equal({ at: START + MINUTE_MS });
    at.time.wallMs += 30 * DAY_MS;
    const second = at.create();
    await second.start();
    expect(second.now()).to.equal(START + MINUTE_MS);
    await second.stop();
    at.pass(5 * MINUTE_MS);
    const third = at.create();
    expect(third.now()).to.equal(START + MINUTE_MS);
    at.pass(15 * MINUTE_MS);
    expect(third.now()).to.equal(at.time.wallMs);
  });

  it('takes the present where nothing is remembered', async () => {
    await using at = await scene();
    await writeFile(at.path, '{"at":');
    expect(at.create().now()).to.equal(START);
  });
});
