import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { emptyOut } from '../../../../services/runner/src/docker/empty-out.ts';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';
import { extentOf, nest } from '../../../support/runner/nested.ts';

const { signal } = new AbortController();
const NOTHING = { levels: 0, entries: 0 };

describe('what a job has left', () => {
  it('goes, however deep it is nested, and however many files there are', async () => {
    await using folder = await temporaryFolder('levels');
    await nest(folder.path, 500);
    await mkdir(join(folder.path, 'beside'), { mode: 0o000 });
    const names = Array.from({ length: 100 }, (_none, index) => join(folder.path, `${index}`));
    await Promise.all([...names, Buffer.from(join(folder.path, '\xff'), 'latin1')].map((name) => writeFile(name, '')));
    expect(await extentOf(folder.path)).to.deep.equal({ levels: 500, entries: 603 });
    expect(await emptyOut(folder.path, signal)).to.equal(true);
    expect(await extentOf(folder.path)).to.deep.equal(NOTHING);
  });

  it('takes nothing with it to which a link in it leads', async () => {
    await using folder = await temporaryFolder('levels');
    await using elsewhere = await temporaryFolder('levels');
    await nest(elsewhere.path, 3);
    await symlink(elsewhere.path, join(folder.path, 'link'));
    await symlink(join(elsewhere.path, 'a', 'a'), join(folder.path, 'deeper'));
    expect(await emptyOut(join(folder.path, 'link'), signal)).to.equal(false);
    expect(await emptyOut(folder.path, signal)).to.equal(true);
    expect(await extentOf(folder.path)).to.deep.equal(NOTHING);
    expect(await extentOf(elsewhere.path)).to.deep.equal({ levels: 3, entries: 4 });
  });

  it('is left to the engine where it is not there, or where it takes too long', async () => {
    await using folder = await temporaryFolder('levels');
    await nest(folder.path, 3);
    expect(await emptyOut(join(folder.path, 'none'), signal)).to.equal(false);
    expect(await emptyOut(folder.path, AbortSignal.abort())).to.equal(false);
    expect(await extentOf(folder.path)).to.deep.equal({ levels: 3, entries: 4 });
  });
});
