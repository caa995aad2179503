/** What one job of an environment may use, and what the environment looks like to consumers, PURE. */
import type { EnvironmentConfig } from '@capstan/shared/config/schema';
import type { Environment } from '@capstan/shared/contract/messages';

export interface Machine {
  readonly cpuModel: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly freeDiskBytes: number;
}

export interface JobLimits {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly pids: number;
  readonly maxDurationS: number;
  /** The limit of the duration is what the job's orders pay for. */
  readonly isPaid?: true;
  readonly storageExpiryS: number;
}

const GB = 1_000_000_000;
/** The rest is for the system and the node. */
const MEMORY_SHARE = 0.8;
const DISK_SHARE = 0.5;

/** Limits of each job. What is not configured is shared equally by all jobs that may run at once, so that their sum fits the machine. */
export function limitsOf(
  environment: EnvironmentConfig,
  { machine, totalJobs }: { machine: Machine; totalJobs: number },
): JobLimits {
  return {
    cpus: Math.min(environment.cpus ?? machine.cpus / totalJobs, machine.cpus),
    memoryBytes: Math.floor(
      environment.memoryGB === undefined ? (machine.memoryBytes * MEMORY_SHARE) / totalJobs : environment.memoryGB * GB,
    ),
    diskBytes: Math.floor(
      environment.diskGB === undefined ? (machine.freeDiskBytes * DISK_SHARE) / totalJobs : environment.diskGB * GB,
    ),
    pids: environment.pids,
    maxDurationS: environment.maxJobDurationS,
    storageExpiryS: environment.storageExpiryS,
  };
}

/** The limits of one job: the shorter of what its environment allows and what its orders pay for. */
export function withinOrders(limits: JobLimits, paidS: number | undefined): JobLimits {
  return paidS === undefined || paidS >= limits.maxDurationS
    ? limits
    : { ...limits, maxDurationS: paidS, isPaid: true };
}

/** How the environment is announced: the machine as it is, or as much of it as its configuration gives to all of its jobs. */
export function announcedEnvironment(environment: EnvironmentConfig, machine: Machine): Environment {
  const { maxJobs } = environment;
  const offered = (perJob: number | undefined, whole: number) =>
    perJob === undefined ? whole : Math.min(perJob * maxJobs, whole);
  return {
    id: environment.id,
    desc: environment.desc,
    cpuType: machine.cpuModel,
    nCPU: offered(environment.cpus, machine.cpus),
    gpuType: '',
    nGPU: 0,
    ramGB: rounded(offered(environment.memoryGB, machine.memoryBytes / GB)),
    diskGB: rounded(offered(environment.diskGB, machine.diskBytes / GB)),
    orders: environment.orders,
    priceMin: environment.priceMin,
    feeToken: environment.feeToken,
    maxJobs,
    maxJobDuration: environment.maxJobDurationS,
    storageExpiry: environment.storageExpiryS,
    allowNetworkAccess: false,
  };
}

const rounded = (value: number) => Math.round(value * 1_000) / 1_000;
