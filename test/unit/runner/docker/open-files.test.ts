import { mkdir, open, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';
import { createOpenFiles } from '../../../../services/runner/src/docker/open-files.ts';

const BOUNDS = { files: 1_000, ms: 60_000, most: 1_000 };
const MB = 1_000_000;
const ID = 'c0ffee';

/** A machine whose processes are folders. */
async function aMachine() {
  const releases = new AsyncDisposableStack();
  const folder = releases.use(await temporaryFolder('proc'));
  const proc = join(folder.path, 'proc');
  const { dev } = await stat(folder.path);
  let named = 0;
  return {
    proc,
    devices: new Set([dev]),
    /** What it links to is a file that is open and has no name, and `bytes`. */
    async nameless(bytes: number): Promise<string> {
      named += 1;
      const path = join(folder.path, `nameless-${named}`);
      const handle = releases.use(await open(path, 'w'));
      await handle.writeFile(Buffer.alloc(bytes, 1));
      await handle.sync();
      await rm(path);
      return `/proc/self/fd/${handle.fd}`;
    },
    /** What each thread has open: a thread that has ended has nothing. */
    async process(pid: number, threads: readonly (readonly string[])[], group = ID) {
      for (const [index, links] of threads.entries()) {
        const table = join(proc, String(pid), 'task', String(pid + index), 'fd');
        await mkdir(table, { recursive: true });
        for (const [fd, link] of links.entries()) await symlink(link, join(table, String(fd)));
      }
      await writeFile(join(proc, String(pid), 'cgroup'), `0::/docker/${group}\n`);
    },
    [Symbol.asyncDispose]: () => releases.disposeAsync(),
  };
}

describe('what a container keeps open without a name', () => {
  const controller = new AbortController();
  const { signal } = controller;

  after(() => controller.abort());

  it('counts once, and so do the files that hold nothing', async () => {
    await using machine = await aMachine();
    const [large, empty] = [await machine.nameless(MB), await machine.nameless(0)];
    await machine.process(10, [[large, empty, '/dev/null']]);
    await machine.process(20, [[large]]);
    await machine.process(30, [[await machine.nameless(MB)]], 'another');
    const room = await createOpenFiles(machine.proc, BOUNDS).roomOf(ID, machine.devices, signal);
    expect(room.files).to.equal(2);
    expect(room.bytes).to.be.within(MB, 1.1 * MB);
    expect(room.isBeyond).to.equal(false);
  });

  it('is seen where the first thread has ended, and where a thread has files of its own', async () => {
    await using machine = await aMachine();
    await machine.process(10, [[], ['/dev/null', await machine.nameless(MB)]]);
    await machine.process(20, [
      ['/dev/null', '/dev/zero'],
      ['/dev/null', '/dev/zero'],
      ['/dev/null', await machine.nameless(MB)],
    ]);
    const room = await createOpenFiles(machine.proc, BOUNDS).roomOf(ID, machine.devices, signal);
    expect(room.files).to.equal(2);
  });

  it('does not count what threads share for each of them', async () => {
    await using machine = await aMachine();
    const links = ['/dev/null', '/dev/zero', '/dev/full'];
    await machine.process(10, [links, links, links, links]);
    const { isBeyond } = await createOpenFiles(machine.proc, { ...BOUNDS, most: 3 }).roomOf(
      ID,
      machine.devices,
      signal,
    );
    expect(isBeyond).to.equal(false);
  });

  it('is looked at in parts, and no further than to what is too much', async () => {
    await using machine = await aMachine();
    const hidden = await machine.nameless(MB);
    for (const pid of [10, 11, 12]) await machine.process(pid, [Array<string>(100).fill('/dev/null')]);
    await machine.process(13, [[hidden]]);
    const openFiles = createOpenFiles(machine.proc, { files: 128, ms: 60_000, most: 400 });
    const looks = [];
    for (let look = 0; look < 4; look += 1) looks.push((await openFiles.roomOf(ID, machine.devices, signal)).files);
    expect(looks).to.deep.equal([0, 0, 1, 0]);
    const few = createOpenFiles(machine.proc, { files: 128, ms: 60_000, most: 200 });
    const beyond = [];
    for (let look = 0; look < 2; look += 1) beyond.push((await few.roomOf(ID, machine.devices, signal)).isBeyond);
    expect(beyond).to.deep.equal([false, true]);
  });

  it('ends a look at its time, and leaves nothing open of one that is not gone on with', async () => {
    await using machine = await aMachine();
    await machine.process(10, [Array<string>(200).fill('/dev/null')]);
    const leaving = new AbortController();
    const openFiles = createOpenFiles(machine.proc, { ...BOUNDS, ms: 0, most: 64 });
    expect((await openFiles.roomOf(ID, machine.devices, leaving.signal)).isBeyond).to.equal(false);
    const ofMachine = async () => {
      const fds = await readdir('/proc/self/fd');
      const targets = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
      return targets.filter((target) => target.startsWith(machine.proc)).length;
    };
    expect(await ofMachine()).to.equal(1);
    leaving.abort();
    while ((await ofMachine()) > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});
