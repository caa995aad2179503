/** How containers of jobs are locked down, PURE. No field of a job reaches this but its argv, its environment and its volumes. */
import type { Confinement, ContainerSpec, Network } from './engine.ts';

/** Modest, because an engine that runs with a lower hard limit of its own could not start a container with more. */
const OPEN_FILES = 16_384;
const MB = 1_000_000;
/** Docker takes 0 for no limit at all. */
const LEAST_CPUS = 0.01;

/** What the driver of local volumes calls a quota. */
export const sizeOption = (bytes: number) => ({ size: String(bytes) });

/** A container in Docker's words. */
export function createOptions(spec: ContainerSpec) {
  const common = {
    NetworkMode: networkMode(spec.confinement?.network),
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
    Labels: { ...spec.labels },
    Entrypoint: [...spec.argv],
    Cmd: [],
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    ...(spec.confinement ? { User: spec.confinement.user } : {}),
    HostConfig: spec.confinement ? { ...common, ...confine(spec.confinement) } : common,
  };
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

function confine({ cpus, memoryBytes, pids, tmpBytes, gpus, logBytes }: Confinement) {
  return {
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: true,
    // Counts as memory of the job.
    Tmpfs: { '/tmp': `rw,nosuid,nodev,size=${tmpBytes},mode=1777` },
    PidsLimit: pids,
    Memory: memoryBytes,
    MemorySwap: memoryBytes,
    NanoCpus: Math.round(Math.max(cpus, LEAST_CPUS) * 100) * 10_000_000,
    // Those that were leased to this job, and no others.
    ...(gpus.length > 0 ? { DeviceRequests: [{ DeviceIDs: [...gpus], Capabilities: [['gpu']] }] } : {}),
    IpcMode: 'private',
    Ulimits: [
      { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES },
      { Name: 'core', Soft: 0, Hard: 0 },
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
