import { execFile } from 'node:child_process';
import { link, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type Docker from 'dockerode';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { usageBelow } from '../../../services/runner/src/docker/disk-usage.ts';
import { createVolumeCalls } from '../../../services/runner/src/docker/volumes.ts';

const MB = 1_000_000;
const signal = new AbortController().signal;
const run = promisify(execFile);

describe('what a folder takes on the disk', () => {
  const inFolder = async (work: (path: string) => Promise<void>, enough = 1_000 * MB) => {
    await using folder = await temporaryFolder('usage');
    await work(folder.path);
    // Before the folder goes.
    return await usageBelow(folder.path, enough, signal);
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
    expect(used).to.equal(512 * 4);
  });

  it('is unknown where there is no such folder', async () => {
    expect(await usageBelow('/no/such/folder', 1, signal)).to.equal(undefined);
  });
});

describe('what volumes take', () => {
  it('is asked of an engine whose disk is elsewhere', async () => {
    const docker = {
      getVolume: (name: string) => ({ inspect: () => Promise.resolve({ Mountpoint: `/elsewhere/${name}` }) }),
      df() {
        const sizes = [1, 2, -1].map((size, index) => ({ Name: `v${index}`, UsageData: { Size: size } }));
        return Promise.resolve({ Volumes: sizes });
      },
    } as unknown as Docker;
    const { diskUsage } = createVolumeCalls(docker);
    const all = await Promise.all([diskUsage(['v0', 'v1'], 9, signal), diskUsage(['v0'], 9, signal)]);
    expect(all).to.deep.equal([3, 1]);
    expect(await diskUsage(['v2'], 9, signal)).to.equal(undefined);
    expect(await diskUsage(['v0', 'gone'], 9, signal)).to.equal(undefined);
  });
});
