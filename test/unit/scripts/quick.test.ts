import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { between } from '../../../scripts/tests/machine-time.ts';
import { aboutLanes, aboutMachine } from '../../../scripts/tests/report.ts';
import { areQuick, folderInMemory } from '../../../scripts/tests/quick.ts';

describe('the quick part of the tests', () => {
  it('is what needs neither an engine nor a server, and nothing beside it', () => {
    expect(areQuick(['test/unit/a.test.ts', 'test/unit/b/c.test.ts'])).to.equal(true);
    expect(areQuick(['test/unit/a.test.ts', 'test/e2e/job.test.ts'])).to.equal(false);
    expect(areQuick([])).to.equal(false);
  });

  it('has a folder of its own where there is room, and leaves nothing of it', async () => {
    await using place = await temporaryFolder('quick');
    const folder = await folderInMemory(place.path);
    expect(folder?.path.startsWith(place.path)).to.equal(true);
    await folder?.[Symbol.asyncDispose]();
    expect(existsSync(folder?.path ?? place.path)).to.equal(false);
  });

  it('is on the disk on a machine that has no such place', async () => {
    await using place = await temporaryFolder('quick');
    expect(await folderInMemory(join(place.path, 'nowhere'))).to.equal(undefined);
  });
});

describe('what is told of lanes', () => {
  it('is how much of the run each had files, and how much of that it computed', () => {
    const result = { passed: 1, failed: 0, skipped: 0, failures: '', output: '', starts: 0 };
    const results = [
      { ...result, file: 'a', lane: 'lane-1', seconds: 6, busySeconds: 2 },
      { ...result, file: 'b', lane: 'lane-2', seconds: 5, busySeconds: 1 },
      { ...result, file: 'c', lane: 'lane-1', seconds: 3, busySeconds: 1.5 },
    ];
    expect(aboutLanes(results, 10)).to.deep.equal([
      'lane-1: 2 files in 9.0 s (90 %), busy 3.5 s',
      'lane-2: 1 files in 5.0 s (50 %), busy 1.0 s',
    ]);
  });

  it('is how much of the machine lay idle', () => {
    const spent = between({ busySeconds: 100, idleSeconds: 50 }, { busySeconds: 106, idleSeconds: 52 });
    expect(aboutMachine(spent)).to.equal('The machine as a whole was busy 6.0 s, and 25 % of it idle');
  });
});
