import { execFile } from 'node:child_process';
import { chmod, chown, link, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { EngineHttp } from '../../../../services/runner/src/docker/http.ts';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';
import { usageBelow } from '../../../../services/runner/src/docker/disk-usage.ts';
import { isShortOfFiles } from '../../../../services/runner/src/host/free-disk.ts';
import { pauseAfter } from '../../../../services/runner/src/pipeline/disk-limit.ts';
import { createVolumePaths } from '../../../../services/runner/src/docker/volume-paths.ts';
import { createVolumeCalls } from '../../../../services/runner/src/docker/volumes.ts';

const MB = 1_000_000;
const signal = new AbortController().signal;
const run = promisify(execFile);

describe('what a folder takes on the disk', () => {
  const inFolder = async (work: (path: string) => Promise<void>, bytes = 1_000 * MB, files = 1_000_000) => {
    await using folder = await temporaryFolder('usage');
    await work(folder.path);
    // Before the folder goes.
    return (await usageBelow(folder.path, { enough: { bytes, files } }, signal))?.bytes;
  };

  it('is what its files and folders take, however they are called', async () => {
    const used = await inFolder(async (path) => {
      await mkdir(join(path, 'a/b'), { recursive: true });
      await writeFile(join(path, 'a/b/c'), Buffer.alloc(2 * MB, 1));
      await writeFile(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff, 0x0a, 0xfe])]), Buffer.alloc(MB, 1));
    });
    expect(used).to.be.within(3 * MB, 3.2 * MB);
  });

  it('counts a file once that has several names, and a hole not at all', async () => {
    const used = await inFolder(async (path) => {
      await writeFile(join(path, 'one'), Buffer.alloc(MB, 1));
      await link(join(path, 'one'), join(path, 'two'));
      await writeFile(join(path, 'sparse'), '');
      await truncate(join(path, 'sparse'), 1e12);
    });
    expect(used).to.be.within(MB, 1.2 * MB);
  });

  it('ends at a symbolic link, and never waits at a pipe', async () => {
    const used = await inFolder(async (path) => {
      await symlink('/usr', join(path, 'outside'));
      await run('mkfifo', [join(path, 'pipe')]);
    });
    expect(used).to.be.below(0.2 * MB);
  });

  it('counts empty files, and what lies too deep as too much', async () => {
    const many = await inFolder(async (path) => {
      for (let i = 0; i < 100; i += 1) await writeFile(join(path, String(i)), '');
    });
    expect(many).to.equal(100 * 512);
    expect(
      await inFolder((path) => mkdir(join(path, 'd/'.repeat(300)), { recursive: true }).then(() => undefined)),
    ).to.equal(Number.POSITIVE_INFINITY);
  });

  it('is counted no further than to what is too much', async () => {
    const used = await inFolder(async (path) => {
      for (let i = 0; i < 100; i += 1) await writeFile(join(path, String(i)), '');
    }, 512 * 3);
    // What is looked at together is counted together.
    expect(used).to.equal(512 * 64);
  });

  it('is too much, too, where it has too many entries', async () => {
    await using folder = await temporaryFolder('entries');
    for (let i = 0; i < 300; i += 1) await writeFile(join(folder.path, String(i)), '');
    const used = await usageBelow(folder.path, { enough: { bytes: 1_000 * MB, files: 100 } }, signal);
    expect(used?.files).to.be.within(101, 164);
    await mkdir(join(folder.path, 'inner'));
    await writeFile(join(folder.path, 'inner/file'), '');
    expect((await usageBelow(folder.path, { enough: { bytes: 1_000 * MB, files: 1_000 } }, signal))?.files).to.equal(
      302,
    );
  });

  it('leaves out, where it is asked to, what belongs to the owner of the folder, and nothing that others put below that', async () => {
    await using folder = await temporaryFolder('usage');
    await writeFile(join(folder.path, 'of-the-node'), Buffer.alloc(2 * MB, 1));
    for (const name of ['of-the-node-too', 'of-the-node-alone']) {
      await mkdir(join(folder.path, name));
      await writeFile(join(folder.path, name, 'written'), Buffer.alloc(MB, 1));
    }
    await chmod(join(folder.path, 'of-the-node-too'), 0o1777);
    await writeFile(join(folder.path, 'written'), Buffer.alloc(MB, 1));
    for (const name of ['written', 'of-the-node-too/written']) await chown(join(folder.path, name), 12_345, 12_345);
    const what = { enough: { bytes: 1_000 * MB, files: 100 }, leavesOut: 'the owner of the folder' } as const;
    const used = await usageBelow(folder.path, what, signal);
    expect(used?.files).to.equal(2);
    expect(used?.bytes).to.be.within(2 * MB, 2.1 * MB);
    // Where the kernel lets others do that.
    for (let i = 0; i < 10; i += 1) await link(join(folder.path, 'of-the-node'), join(folder.path, `name-${i}`));
    expect((await usageBelow(folder.path, what, signal))?.files).to.equal(13);
  });

  it('is unknown where there is no such folder', async () => {
    expect(await usageBelow('/no/such/folder', { enough: { bytes: 1, files: 1 } }, signal)).to.equal(undefined);
  });
});

describe('a disk', () => {
  it('is too full where it takes hardly any more files, unless it has no end of them', () => {
    const use = { totalBytes: 1, freeBytes: 1 };
    expect(isShortOfFiles(use)).to.equal(false);
    expect(isShortOfFiles({ ...use, totalFiles: 1e6, freeFiles: 9_999 })).to.equal(true);
    expect(isShortOfFiles({ ...use, totalFiles: 1e6, freeFiles: 10_000 })).to.equal(false);
    expect(isShortOfFiles({ ...use, totalFiles: 4_096, freeFiles: 100 })).to.equal(false);
  });
});

describe('how often a job is measured', () => {
  it('depends on how long that takes, and is never more than two seconds off', () => {
    expect([0, 10, 100, 60_000].map(pauseAfter)).to.deep.equal([500, 500, 900, 2_000]);
  });
});

describe('what volumes take', () => {
  it('is asked of an engine whose disk is elsewhere', async () => {
    const http = {
      read({ path }: { readonly path: string }) {
        const sizes = [1, 2, -1].map((size, index) => ({ Name: `v${index}`, UsageData: { Size: size } }));
        return Promise.resolve(
          path === '/system/df' ? { Volumes: sizes } : { Mountpoint: `/elsewhere/${path.replace('/volumes/', '')}` },
        );
      },
    } as unknown as EngineHttp;
    const { diskUsage } = createVolumeCalls(http, createVolumePaths(http));
    const usageOf = (...volumes: readonly string[]) => diskUsage(volumes, { bytes: 9, files: 9 }, signal);
    const all = await Promise.all([usageOf('v0', 'v1'), usageOf('v0')]);
    expect(all).to.deep.equal([
      { bytes: 3, files: 0 },
      { bytes: 1, files: 0 },
    ]);
    expect(await usageOf('v2')).to.equal(undefined);
    expect(await usageOf('v0', 'gone')).to.equal(undefined);
  });
});
