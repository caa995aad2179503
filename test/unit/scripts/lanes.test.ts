import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import type { FileResult } from '../../../scripts/tests/lane.ts';
import { sumOf } from '../../../scripts/tests/report.ts';
import { runLanes } from '../../../scripts/tests/run-lanes.ts';

const FILES = {
  passes: `it('passes', () => { console.log('said'); console.error('complained'); }); it.skip('waits', () => {});`,
  fails: `describe('one that', () => { it('fails', () => { throw new Error('on purpose'); }); it('passes', () => {}); });`,
  // What follows in its lane goes on in a new process.
  dies: `it('takes the process along', () => process.exit(3));`,
  lingers: `describe('one that', () => { it('leaves a timer', () => { setTimeout(() => {}, 60_000); }); });`,
  broken: `import './nowhere.mjs'; it('is never run', () => {});`,
} as const;
type Name = keyof typeof FILES;

async function results(names: readonly Name[], count: number, options: readonly string[] = []) {
  await using folder = await temporaryFolder('lanes');
  const dir = join(folder.path, 'files');
  await mkdir(dir);
  const fileOf = (name: Name) => join(dir, `${name}.test.mjs`);
  for (const name of names) await writeFile(fileOf(name), FILES[name]);
  const shown: FileResult[] = [];
  const all = await runLanes(names.map(fileOf), {
    count,
    dir: join(folder.path, 'logs'),
    options,
    // What lingers here does so for a minute.
    variables: { CAPSTAN_TEST_SETTLE_MS: '300' },
    onResult: (result) => shown.push(result),
  });
  expect(shown).to.deep.equal(all);
  const of = (name: Name) => all.find(({ file }) => file === fileOf(name));
  return { all, of };
}

describe('test files in lanes', () => {
  let inTwo: Awaited<ReturnType<typeof results>>;
  let inOne: Awaited<ReturnType<typeof results>>;
  before(async () => {
    [inTwo, inOne] = await Promise.all([
      results(['passes', 'fails'], 2),
      results(['dies', 'broken', 'lingers', 'passes'], 1),
    ]);
  });

  it('are counted, and what each said is kept together', () => {
    const { all, of } = inTwo;
    expect(sumOf(all)).to.deep.equal({ passed: 2, failed: 1, skipped: 1 });
    expect(of('passes')?.output).to.match(/said\ncomplained\n.*passes\n.*waits/s);
    expect(of('passes')?.output).to.not.contain('on purpose');
    expect(of('fails')?.failures).to.match(/one that\s+fails:\s+Error: on purpose/);
    expect(of('passes')?.failures).to.equal('');
  });

  it('that end their process have failed; those after them are run', () => {
    const { all, of } = inOne;
    expect(all.map(({ file }) => basename(file, '.test.mjs'))).to.deep.equal(['dies', 'broken', 'lingers', 'passes']);
    expect(of('dies')).to.deep.include({ passed: 0, failed: 1, skipped: 0 });
    expect(of('dies')?.failures).to.contain('exit code 3');
  });

  it('that can not be loaded have failed', () => {
    const { of } = inOne;
    expect(of('broken')).to.deep.include({ passed: 0, failed: 1, skipped: 0 });
    expect(of('broken')?.failures).to.contain('nowhere.mjs');
    expect(of('passes')).to.deep.include({ passed: 1, failed: 0, skipped: 1 });
  });

  it('may leave nothing behind', () => {
    expect(inOne.of('lingers')?.failures).to.contain('left behind: 1 Timeout');
  });

  it('follow the options of mocha', async () => {
    expect(sumOf((await results(['passes', 'fails'], 2, ['--grep', 'one that passes'])).all)).to.deep.equal({
      passed: 1,
      failed: 0,
      skipped: 0,
    });
    expect((await results(['fails', 'passes'], 1, ['--bail'])).all).to.have.length(1);
  });
});
