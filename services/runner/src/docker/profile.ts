/** How containers of jobs are locked down, PURE. No field of a job reaches this but its argv, its environment and its volumes. */
import { MB } from '@capstan/shared/contract/sizes';
import type { Confinement, ContainerSpec, Network } from './ports/containers.ts';
import type { Labels } from './labels.ts';
import { SYSCALL_PROFILE } from './syscalls.ts';

/** Modest, because an engine that runs with a lower hard limit of its own could not start a container with more. */
const OPEN_FILES = 16_384;
/** Not 0: the kernel hands what crashes to a program of the machine, where there is one, with that as well. */
const NO_CORE = 1;
const LEAST_SHM_BYTES = 67_108_864;
/** Docker takes 0 for no limit at all. */
const LEAST_CPUS = 0.01;
/** To runtimes that hand out devices: leave this container as it is. */
const NO_DEVICE = 'void';

/** What the driver of local volumes calls a quota. */
export const sizeOption = (bytes: number) => ({ size: String(bytes) });

/** A container in Docker's words. */
export function createOptions(spec: ContainerSpec) {
  const common = {
    NetworkMode: networkMode(spec.confinement?.network),
    ...resolver(spec.confinement?.network),
    Mounts: spec.mounts.map(({ volume, target, isReadOnly, isCopied, sizeBytes }) => ({
      Type: 'volume' as const,
      Source: volume,
      Target: target,
      ReadOnly: isReadOnly,
      // NoCopy: what the image has at that path stays out of the job's volumes.
      VolumeOptions: {
        NoCopy: isCopied !== true,
        Labels: { ...spec.labels },
        DriverConfig: { Name: 'local', Options: sizeBytes === undefined ? {} : sizeOption(sizeBytes) },
      },
    })),
    RestartPolicy: { Name: '' },
  };
  return {
    name: spec.name,
    Image: spec.image,
    Labels: { ...emptied(spec.imageLabels), ...spec.labels },
    // Of the rest that an image may say, ports are published nowhere, ONBUILD and SHELL are for builds, and WORKDIR stands.
    Healthcheck: { Test: ['NONE'] },
    StopSignal: 'SIGTERM',
    ...(spec.workingDir === undefined ? {} : { WorkingDir: spec.workingDir }),
    Entrypoint: [...spec.argv],
    Cmd: [],
    Env: Object.entries({ ...spec.env, ...visibleDevices(spec.confinement?.gpus) }).map(
      ([name, value]) => `${name}=${value}`,
    ),
    ...(spec.confinement ? { User: spec.confinement.user } : {}),
    HostConfig: spec.confinement ? { ...common, ...confine(spec.confinement, spec.mounts) } : common,
  };
}

const emptied = (labels: Labels = {}) => Object.fromEntries(Object.keys(labels).map((name) => [name, '']));

/**
 * Where the engine's default runtime is a maker's own, it gives a container the devices that its environment names, and the image's
 * counts where ours says nothing: each variable is always said. NVIDIA's runtime is the only one that devices are leased through.
 */
function visibleDevices(gpus: readonly string[] = []) {
  const leased = gpus.length > 0 ? gpus.join(',') : NO_DEVICE;
  return { NVIDIA_VISIBLE_DEVICES: leased, AMD_VISIBLE_DEVICES: 'none', HABANA_VISIBLE_DEVICES: NO_DEVICE };
}

/** Without a network of its own nobody answers names: the engine would show the job those whom the machine asks, and the domains it searches. */
function resolver(network: Network | undefined) {
  return network === undefined ? { Dns: ['127.0.0.1'], DnsSearch: ['.'], DnsOptions: [] } : {};
}

function networkMode(network: Network | undefined): string {
  switch (network?.kind) {
    case undefined:
      return 'none';
    case 'of':
      return `container:${network.container}`;
    case 'named':
      return network.name;
    case 'host':
      return 'host';
  }
}

function confine(
  { cpus, memoryBytes, pids, tmpBytes, gpus, logBytes, user }: Confinement,
  mounts: ContainerSpec['mounts'],
) {
  const [uid, gid = uid] = user.split(':');
  const hasTmp = mounts.some(({ target }) => target === '/tmp');
  return {
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges', `seccomp=${SYSCALL_PROFILE}`],
    ReadonlyRootfs: true,
    // Counts as memory of the job. Programs unpack libraries there, and load them. The job's own: engines put the mode of the image's /tmp
    // in place of ours, which in images made by hand is not open to all.
    ...(hasTmp ? {} : { Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,size=${tmpBytes},uid=${uid},gid=${gid},mode=1777` } }),
    // Memory of the job as well: processes of one program hand data to one another there.
    ShmSize: Math.max(LEAST_SHM_BYTES, Math.floor(memoryBytes / 2)),
    PidsLimit: pids,
    Memory: memoryBytes,
    MemorySwap: memoryBytes,
    NanoCpus: Math.round(Math.max(cpus, LEAST_CPUS) * 100) * 10_000_000,
    // Those that were leased to this job, and no others.
    ...(gpus.length > 0 ? { DeviceRequests: [{ DeviceIDs: [...gpus], Capabilities: [['gpu']] }] } : {}),
    IpcMode: 'private',
    Ulimits: [
      { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES },
      { Name: 'core', Soft: NO_CORE, Hard: NO_CORE },
    ],
    // An init of its own reaps children and lets SIGTERM end programs that don't handle it, which process 1 would ignore.
    Init: true,
    LogConfig: {
      Type: 'local',
      // One file: whoever follows a log while the engine turns to the next file may miss some of it.
      Config: { 'max-size': `${Math.ceil(logBytes / MB)}m`, 'max-file': '1', compress: 'false' },
    },
  };
}
