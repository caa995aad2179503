/** What one job of an environment may use, and what the environment looks like to consumers, PURE. */
import { createHash } from 'node:crypto';
import type { EnvironmentConfig } from '@capstan/shared/config/environment';
import type { Resources } from '@capstan/shared/contract/job';
import type { Environment } from '@capstan/shared/contract/messages';
import { GB, MB } from '@capstan/shared/contract/sizes';
import type { Grant } from '../docker/grant.ts';

export interface Machine {
  readonly cpuModel: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly freeDiskBytes: number;
  /** Undefined on a disk that makes room for as many as come. */
  readonly freeFiles: number | undefined;
}

/** What the environment gives each job that asks for nothing, or what a job was given. */
export interface JobLimits extends Grant {
  readonly pids: number;
  readonly tmpBytes: number;
  /** The first of `uids`, until it is settled which of them a job runs as. */
  readonly uid: number;
  readonly uids: number;
  /** Most entries that its folders may have. */
  readonly maxFiles: number;
  /** The engine holds volumes to a size: what a job writes beyond its limit is then bounded whatever happens. */
  readonly isDiskHeld: boolean;
  readonly storageExpiryS: number;
}

interface Surroundings {
  readonly machine: Machine;
  /** Of all environments. */
  readonly totalJobs: number;
  /** Where the environment has none of its own. */
  readonly jobUid: number;
  readonly jobUids: number;
  /** Whether the engine can hold volumes to a size. */
  readonly holdsVolumeSizes: boolean;
}

/** The rest is for the system and the node. */
const MEMORY_SHARE = 0.8;
const DISK_SHARE = 0.5;
/** More take longer to look at than a job may write unseen. */
const MOST_FILES = 200_000;
/** The next one is nobody's, by custom. */
const LAST_UID = 65_533;

/** Limits of each job. What is not configured is shared equally by all jobs that may run at once, so that their sum fits the machine. */
export function limitsOf(environment: EnvironmentConfig, around: Surroundings): JobLimits {
  const { machine, totalJobs, jobUid, jobUids, holdsVolumeSizes } = around;
  const { cpus, memoryGB, diskGB, maxFiles } = environment;
  const memory = memoryGB === undefined ? (machine.memoryBytes * MEMORY_SHARE) / totalJobs : memoryGB * GB;
  const disk = diskGB === undefined ? (machine.freeDiskBytes * DISK_SHARE) / totalJobs : diskGB * GB;
  return {
    cpus: Math.min(cpus ?? machine.cpus / totalJobs, machine.cpus),
    memoryBytes: Math.min(Math.floor(memory), machine.memoryBytes),
    diskBytes: Math.min(Math.floor(disk), machine.diskBytes),
    maxDurationS: environment.maxJobDurationS,
    gpus: [],
    network: environment.networkAccess,
    limitedBy: { memory: 'environment', disk: 'environment', duration: 'environment' },
    pids: environment.pids,
    tmpBytes: Math.floor(environment.tmpMB * MB),
    uid: environment.jobUid ?? jobUid,
    uids: environment.jobUid === undefined ? Math.min(jobUids, LAST_UID - jobUid + 1) : 1,
    maxFiles: maxFiles ?? shareOfFiles(machine.freeFiles, totalJobs),
    isDiskHeld: holdsVolumeSizes,
    storageExpiryS: environment.storageExpiryS,
  };
}

const shareOfFiles = (freeFiles: number | undefined, totalJobs: number) =>
  Math.max(1, Math.min(MOST_FILES, Math.floor(((freeFiles ?? Number.POSITIVE_INFINITY) * DISK_SHARE) / totalJobs)));

export interface Asked {
  readonly resources?: Resources | undefined;
  /** Seconds that the job's orders pay for. */
  readonly paidS?: number | undefined;
  /** Whether its datasets allow it a network. */
  readonly networkAccess?: boolean | undefined;
  /** The GPUs that were leased to it. */
  readonly gpus: readonly string[];
}

/** What a job gets: less than the environment's limits where it asks for less or its orders pay for less, never more. */
export function grantTo(limits: JobLimits, { resources = {}, paidS, networkAccess = false, gpus }: Asked): JobLimits {
  const { cpus = limits.cpus, ramGB, diskGB, maxDurationS } = resources;
  const memory = ramGB === undefined ? limits.memoryBytes : Math.floor(ramGB * GB);
  const disk = diskGB === undefined ? limits.diskBytes : Math.floor(diskGB * GB);
  const environment = limits.maxDurationS;
  const shortest = Math.min(environment, paidS ?? environment, maxDurationS ?? environment);
  return {
    ...limits,
    cpus: Math.min(cpus, limits.cpus),
    memoryBytes: Math.min(memory, limits.memoryBytes),
    diskBytes: Math.min(disk, limits.diskBytes),
    maxDurationS: shortest,
    gpus: [...gpus],
    network: limits.network && networkAccess,
    limitedBy: {
      memory: memory < limits.memoryBytes ? 'job' : 'environment',
      disk: disk < limits.diskBytes ? 'job' : 'environment',
      duration: shortest === environment ? 'environment' : shortest === paidS ? 'orders' : 'job',
    },
  };
}

/**
 * Some things of the kernel are counted for each user over all containers: watches of files, queued signals, message queues, pipes. Jobs
 * of one user could take them from one another. Which user follows from the job, so that whoever prepares it once more says the same;
 * the salt keeps strangers from choosing.
 */
export function uidOf({ uid, uids }: Pick<JobLimits, 'uid' | 'uids'>, salt: string, jobId: string): number {
  return uid + (createHash('sha256').update(`${salt} ${jobId}`).digest().readUInt32BE() % uids);
}

/**
 * What a volume is held to, a little above the limit: a job that hits it has then written too much, and is not left with errors of its own
 * that nobody understands. Undefined where the engine can't.
 */
export function heldTo({ diskBytes, isDiskHeld }: Pick<JobLimits, 'diskBytes' | 'isDiskHeld'>): number | undefined {
  return isDiskHeld ? diskBytes + Math.max(MB, Math.ceil(diskBytes / 100)) : undefined;
}

/** How the environment is announced: the machine as it is, or as much of it as its configuration gives to all of its jobs. */
export function announcedEnvironment(environment: EnvironmentConfig, machine: Machine, limits: JobLimits): Environment {
  const { maxJobs, gpus } = environment;
  const offered = (perJob: number | undefined, whole: number) =>
    perJob === undefined ? whole : Math.min(perJob * maxJobs, whole);
  return {
    id: environment.id,
    desc: environment.desc,
    cpuType: machine.cpuModel,
    nCPU: offered(environment.cpus, machine.cpus),
    gpuType: environment.gpuType,
    nGPU: gpus.length,
    ramGB: rounded(offered(environment.memoryGB, machine.memoryBytes / GB)),
    diskGB: rounded(offered(environment.diskGB, machine.diskBytes / GB)),
    orders: environment.orders,
    priceMin: environment.priceMin,
    feeToken: environment.feeToken,
    ...(environment.allowedChainId === undefined ? {} : { allowedChainId: environment.allowedChainId }),
    maxJobs,
    maxJobDuration: environment.maxJobDurationS,
    storageExpiry: environment.storageExpiryS,
    allowNetworkAccess: environment.networkAccess,
    diskQuota: limits.isDiskHeld ? 'hard' : 'measured',
    perJob: {
      cpus: down(limits.cpus, 1_000),
      ramGB: down(limits.memoryBytes / GB, 1_000_000),
      diskGB: down(limits.diskBytes / GB, 1_000_000),
      gpus: gpus.length,
      maxDurationS: environment.maxJobDurationS,
    },
  };
}

const rounded = (value: number) => Math.round(value * 1_000_000) / 1_000_000;
/** Never more than there is, nor than a binary fraction a little below what was written. */
const down = (value: number, per: number) => Math.floor(value * per + 1e-6) / per;
