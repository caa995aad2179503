import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { importDebianImage } from '../../support/algorithms/debian-image.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const IMAGE = { image: 'localhost/capstan-test/syscalls', tag: randomBytes(4).toString('hex') };

const REFUSED = `
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
def ask(name, call):
    print(name, "done" if call() >= 0 else "refused")
space = ctypes.create_string_buffer(256)
ask("io_uring_setup", lambda: libc.syscall(425, 1, space))
ask("AF_VSOCK", lambda: libc.socket(40, 1, 0))
ask("AF_ALG", lambda: libc.socket(38, 5, 0))
ask("AF_PACKET", lambda: libc.socket(17, 3, 0))
ask("NETLINK_KOBJECT_UEVENT", lambda: libc.socket(16, 3, 15))
ask("NETLINK_GENERIC", lambda: libc.socket(16, 3, 16))
ask("IPPROTO_MPTCP", lambda: libc.socket(2, 1, 262))
ask("CLONE_NEWUSER", lambda: libc.unshare(0x10000000))
ask("PTRACE_TRACEME", lambda: libc.ptrace(0, 0, 0, 0))
ask("memfd_secret", lambda: libc.syscall(447, 0))
none = (ctypes.c_ulong * 2)(0, 0)
ask("setrlimit of cores", lambda: libc.setrlimit(4, none))
ask("prlimit of cores", lambda: libc.syscall(302, 0, ctypes.c_long(4), none, None))
ask("prlimit of cores, with bits that nobody reads", lambda: libc.syscall(302, 0, ctypes.c_long(4 + 2**32), none, None))
file = open("/data/outputs/large", "wb")
for mode in (0, 1, 16, 64):
    ask(f"fallocate {mode}", lambda: libc.fallocate(file.fileno(), mode, ctypes.c_long(0), ctypes.c_long(10_000_000_000)))
`;

const NEEDED = `
import asyncio, ctypes, mmap, multiprocessing, os, select, socket, subprocess, tempfile, threading, time
def square(n): return n * n
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool: print(pool.map(square, [1, 2, 3]))
    thread = threading.Thread(target=lambda: print("a thread")); thread.start(); thread.join()
    print(subprocess.run(["sh", "-c", "echo a shell"], capture_output=True, text=True).stdout, end="")
    one, other = socket.socketpair(); one.send(b"a pair"); print(other.recv(9).decode())
    server = socket.create_server(("127.0.0.1", 0)); client = socket.create_connection(server.getsockname()); print("a loopback")
    for family in (socket.AF_INET, socket.AF_UNIX): socket.socket(family, socket.SOCK_DGRAM).close()
    print([name for _, name in socket.if_nameindex() if name == "lo"])
    with tempfile.NamedTemporaryFile() as file:
        os.posix_fallocate(file.fileno(), 0, 8192); print(os.stat(file.name).st_size)
        limits = (ctypes.c_ulong * 2)(); libc = ctypes.CDLL(None)
        print(libc.getrlimit(4, limits), list(limits), libc.getrlimit(7, limits), libc.setrlimit(7, limits))
        file.truncate(4096); mmap.mmap(file.fileno(), 4096)[0] = 1; os.fsync(file.fileno())
    asyncio.run(asyncio.sleep(0.01)); time.sleep(0.01); print(os.stat("/data/outputs").st_uid == os.getuid())
`;

describe('what a job may ask of the kernel', function () {
  this.timeout(180_000);
  let scene: Scene;
  let release: (() => Promise<void>) | undefined;

  before(async () => {
    await using releases = new AsyncDisposableStack();
    const { stdout } = await promisify(execFile)('/usr/bin/python3', [
      '-c',
      'import os; print(os.path.dirname(os.__file__))',
    ]);
    releases.defer(async () => void (await askEngine('DELETE', `/images/${IMAGE.image}:${IMAGE.tag}?force=1`)));
    await importDebianImage({
      name: `${IMAGE.image}:${IMAGE.tag}`,
      programs: ['/usr/bin/python3'],
      folders: [stdout.trim()],
      more: [],
      applets: ['sh'],
      changes: ['ENV PATH=/usr/bin:/bin'],
    });
    scene = releases.use(
      await startScene({
        variables: { CAPSTAN_RUNNER_IMAGES_LOCAL: JSON.stringify([IMAGE.image, 'localhost/capstan/node-demo']) },
      }),
    );
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release?.());

  const logOf = async (rawcode: string, container: Parameters<Scene['start']>[0]['container']) => {
    const jobId = await scene.start({ rawcode, ...(container ? { container } : {}) });
    const { code, details } = await scene.until(jobId, 'end');
    const log = await scene.text(jobId, 'algorithm.log');
    expect(code, `${details.termination?.reason ?? ''}\n${log}`).to.equal(70);
    return log.trim().split('\n');
  };

  it('is nothing by which others have left their container, or spoken to the host past every network', async () => {
    const said = await logOf(REFUSED, { ...IMAGE, entrypoint: 'python3 $ALGO' });
    expect(said).to.have.length(17);
    expect(said.filter((line) => !line.endsWith(' refused'))).to.deep.equal([]);
  });

  it('is all that Python does when it computes: processes, threads, sockets of its own, files in memory', async () => {
    expect(await logOf(NEEDED, { ...IMAGE, entrypoint: 'python3 $ALGO' })).to.deep.equal([
      '[1, 4, 9]',
      'a thread',
      'a shell',
      'a pair',
      'a loopback',
      "['lo']",
      '8192',
      '0 [1, 1] 0 0',
      'True',
    ]);
  });

  it('is all that Node does: workers, children, servers, the names of its networks', async () => {
    const rawcode = `
      const { Worker } = require('node:worker_threads');
      const { execFileSync } = require('node:child_process');
      const { once } = require('node:events');
      const { createServer } = require('node:http');
      (async () => {
        console.log(Object.keys(require('node:os').networkInterfaces()).join());
        console.log(execFileSync('sh', ['-c', 'echo a child']).toString().trim());
        const [said] = await once(new Worker('require("node:worker_threads").parentPort.postMessage("a worker")', { eval: true }), 'message');
        console.log(said);
        const server = createServer((request, response) => response.end('a server')).listen(0, '127.0.0.1');
        await once(server, 'listening');
        console.log(await (await fetch('http://127.0.0.1:' + server.address().port, { headers: { connection: 'close' } })).text());
        server.close();
      })();`;
    expect(await logOf(rawcode, undefined)).to.deep.equal(['lo', 'a child', 'a worker', 'a server']);
  });
});
