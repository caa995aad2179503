/** The container engine: there, recent, and able to hold jobs to their limits. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { systemCode } from '@capstan/shared/contract/errors';
import { GB } from '@capstan/shared/contract/sizes';
import { askEngine } from '../parts/engine.ts';
import { isGatewayContainer } from '../parts/gateway-container.ts';
import { checkAddressPools } from './address-pools.ts';
import { bad, ok, warn, type Finding } from './finding.ts';
import { checkInodes } from './inodes.ts';
import type { Check } from './check.ts';
import type { EngineInfo } from './engine-info.ts';

const ABOUT = 'engine';
const OLDEST = [20, 10] as const;

/** Undefined where no engine answers. */
export async function engineInfo(socket: string): Promise<EngineInfo | undefined> {
  try {
    const { status, body } = await askEngine('GET', '/info', { socketPath: socket });
    return status === 200 ? (JSON.parse(body) as EngineInfo) : undefined;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

export const checkEngine: Check = async ({ config }) => {
  const { dockerSocket: socket } = config.runner;
  if (isGatewayContainer(config, existsSync))
    return [
      ok(ABOUT, "this is the gateway's container: it has no engine, and must not have one. Look in the runner's"),
    ];
  try {
    const { status, body } = await askEngine('GET', '/info', { socketPath: socket });
    if (status !== 200)
      return [bad(ABOUT, `the engine on ${socket} answers ${status}`, 'look at its log (journalctl -u docker)')];
    const info = JSON.parse(body) as EngineInfo;
    return [
      checkVersion(info, socket),
      checkStorage(info),
      ...checkLimits(info),
      checkIsolation(info),
      checkImageStore(info),
      ...(await checkDisk(info, config.runner.minFreeDiskGB)),
      ...(await checkInodes('engine inodes', info.DockerRootDir)),
      await checkAddressPools(info, config),
    ];
  } catch (error) {
    return [absent(socket, error)];
  }
};

function absent(socket: string, error: unknown): Finding {
  const code = systemCode(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return bad(ABOUT, `this user may not use ${socket}`, 'usermod -aG docker <user>, then log in again');
  }
  return bad(
    ABOUT,
    `no container engine answers on ${socket} (${code ?? 'no answer'})`,
    'start it (systemctl start docker), or set runner.dockerSocket',
  );
}

function checkVersion({ ServerVersion: version, CgroupVersion: cgroup }: EngineInfo, socket: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return isOld
    ? warn(ABOUT, `Docker Engine ${version} is older than any that was tested`, `take ${OLDEST.join('.')} or newer`)
    : ok(ABOUT, `Docker Engine ${version} on ${socket}, cgroup version ${cgroup ?? '1'}`);
}

function checkStorage({ Driver: driver, DriverStatus: status }: EngineInfo): Finding {
  const backing = status?.find(([name]) => name === 'Backing Filesystem')?.[1] ?? 'unknown';
  const about = 'storage';
  if (driver === 'vfs')
    return warn(about, 'the storage driver is vfs: every container copies its whole image', 'use overlay2');
  const quota =
    driver === 'overlay2' && backing === 'xfs'
      ? 'hard, if it is mounted with pquota'
      : 'measured while a job runs; a hard one needs xfs with pquota';
  return ok(about, `${driver} on ${backing}; disk limit of jobs: ${quota}`);
}

/** Where images lie decides what is known while they are pulled. */
function checkImageStore({ DriverStatus: status }: EngineInfo): Finding {
  const isContainerd = status?.some(([, value]) => value === 'io.containerd.snapshotter.v1') === true;
  return ok(
    'images',
    isContainerd
      ? "kept in containerd's store: while one is unpacked the engine says nothing, which takes longer for large ones"
      : "kept in the engine's own store",
  );
}

/** Exported for tests. */
export function checkLimits(
  info: Pick<EngineInfo, 'CgroupVersion' | 'MemoryLimit' | 'SwapLimit' | 'PidsLimit' | 'CpuCfsQuota'>,
): readonly Finding[] {
  const about = 'limits';
  const kernel = 'let the kernel have it (cgroup_enable=memory swapaccount=1 on its command line), then restart';
  const problems = [
    ...(info.MemoryLimit ? [] : [bad(about, 'the engine can not limit memory', kernel)]),
    ...(info.SwapLimit
      ? []
      : [warn(about, 'the engine can not limit swap: a job may use swap beside its memory', kernel)]),
    ...(info.PidsLimit === true
      ? []
      : [bad(about, 'the engine can not limit processes', 'enable the pids cgroup of the kernel')]),
    ...(info.CgroupVersion === '2'
      ? []
      : [
          warn(
            about,
            "control groups are of version 1, which does not count what waits in a job's sockets as its memory: it may take what the kernel gives all sockets of the machine",
            'use version 2 (systemd.unified_cgroup_hierarchy=1 on the command line of the kernel) where strangers order',
          ),
        ]),
    ...(info.CpuCfsQuota
      ? []
      : [warn(about, 'the engine can not limit CPUs', 'enable CONFIG_CFS_BANDWIDTH of the kernel')]),
  ];
  return problems.length > 0 ? problems : [ok(about, 'memory, swap, processes and CPUs can be limited')];
}

function checkIsolation(info: EngineInfo): Finding {
  const about = 'isolation';
  const options = info.SecurityOptions ?? [];
  const seccomp = options.find((option) => option.startsWith('name=seccomp'));
  if (seccomp === undefined || seccomp.includes('unconfined')) {
    return bad(
      about,
      'the engine runs containers without seccomp',
      'use an engine and a kernel with seccomp, and its default profile',
    );
  }
  if (!info.InitBinary)
    return bad(about, 'the engine has no docker-init', 'install tini, or the docker-init of your distribution');
  if (!(info.Plugins.Log ?? []).includes('local')) {
    return bad(about, 'the engine lacks the log driver "local"', 'take a newer engine');
  }
  const isRemapped = options.some((option) => option.startsWith('name=userns') || option.startsWith('name=rootless'));
  return ok(about, `seccomp; user ids of containers are ${isRemapped ? '' : 'not '}remapped (jobs never run as root)`);
}

async function checkDisk({ DockerRootDir: root }: EngineInfo, minFreeGB: number): Promise<readonly Finding[]> {
  const disk = await statfs(root).catch(() => undefined);
  // The engine is elsewhere, or keeps its folder to itself.
  if (!disk) return [];
  const freeGB = (disk.bavail * disk.bsize) / GB;
  const text = `${freeGB.toFixed(1)} GB free for images and containers in ${root}`;
  return freeGB < minFreeGB
    ? [bad('engine disk', `${text}: no job begins`, 'make room (docker image prune), or lower runner.minFreeDiskGB')]
    : [ok('engine disk', text)];
}
