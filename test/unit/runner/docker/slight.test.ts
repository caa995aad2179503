import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';
import { isSlight } from '../../../../services/runner/src/docker/slight.ts';

describe('a volume', () => {
  it('is slight with a few small files, and links, wherever they lead', async () => {
    await using root = await temporaryFolder('slight');
    await mkdir(join(root.path, 'a', 'b'), { recursive: true });
    for (const name of ['one', 'a/two', 'a/b/drei ä']) await writeFile(join(root.path, name), name);
    await symlink('/', join(root.path, 'root'));
    expect(await isSlight(root.path)).to.equal(true);
  });

  const MUCH: Readonly<Record<string, (root: string) => Promise<unknown>>> = {
    'a large file': async (root) => {
      await writeFile(join(root, 'one'), '');
      await truncate(join(root, 'one'), 20_000_000);
    },
    'many files': async (root) => {
      for (let index = 0; index < 65; index += 1) await writeFile(join(root, String(index)), '');
    },
    'many levels': (root) => mkdir(join(root, 'a/'.repeat(12)), { recursive: true }),
    'a name that is no UTF-8': (root) => writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xff)]), ''),
  };
  for (const [what, fill] of Object.entries(MUCH)) {
    it(`is not, with ${what}`, async () => {
      await using root = await temporaryFolder('slight');
      await fill(root.path);
      expect(await isSlight(root.path)).to.equal(false);
    });
  }

  it('is not that is gone', async () => {
    await using root = await temporaryFolder('slight');
    expect(await isSlight(join(root.path, 'gone'))).to.equal(false);
  });
});
