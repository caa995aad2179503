import { expect } from 'chai';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { runChaos } from './run.ts';

const SEED = 7;
const MINUTES = 0.1;
/** An engine of its own, its image, and the longest job that may have been ordered at the last moment. */
const LIMIT_MS = 240_000;

describe('a run of chaos', function () {
  this.timeout(LIMIT_MS);
  before(function () {
    // Only root may run an engine of its own.
    if (process.getuid?.() !== 0) this.skip();
  });

  it('works with a node, does what it is asked to, and finds nothing', async () => {
    await using folder = await temporaryFolder('chaos');
    const said: string[] = [];
    const verdict = await runChaos({
      dir: folder.path,
      minutes: MINUTES,
      seed: SEED,
      isMeant: ({ id }) => id === 'F16' || id === 'F18',
      say: (line) => said.push(line),
      onLog: (name, line) => {
        if (process.env.SHOW_LOGS) console.error(`${name}: ${line}`);
      },
      signal: new AbortController().signal,
    });
    expect(verdict.violations, said.join('\n')).to.deep.equal([]);
    expect(verdict.jobs).to.be.greaterThan(0);
    expect(Object.keys(verdict.faults)).to.not.deep.equal([]);
  });
});
