import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';

const docs = resolve(import.meta.dirname, '../../../docs');

/** Files that a reader of the walk meets have fewer lines than this. */
const LINES = 150;

/** Stops that are still too long. Whichever gets short enough has to leave this list. */
const STILL_LONG = [
  '../services/gateway/src/events/intake.ts',
  '../services/gateway/src/status/query.ts',
  '../services/runner/src/worker/start-ownership.ts',
  '../services/runner/src/worker/worker.ts',
  '../shared/src/contract/status.ts',
];

const walk = readFileSync(join(docs, 'architecture.md'), 'utf8')
  .split(/^## /m)
  .filter((section) => /^(Follow one job|The way of a stop)/.test(section))
  .join('');
const stops = new Set([...walk.matchAll(/\]\((\.\.\/[^)]+)\)/g)].map(([, path]) => path ?? ''));

describe('the walk through the code', () => {
  it('has stops', () => expect(stops.size).to.be.above(20));

  for (const stop of stops) {
    it(`finds ${stop}`, () => expect(existsSync(join(docs, stop))).to.equal(true));
  }

  it('leads to short files, but for those that are known', () => {
    const long = [...stops].filter(
      (stop) => stop.endsWith('.ts') && readFileSync(join(docs, stop), 'utf8').split('\n').length - 1 >= LINES,
    );
    expect(long).to.have.members(STILL_LONG);
  });
});
