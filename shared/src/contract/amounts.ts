/** What jobs take of an environment, PURE. In whole numbers, so that sums are exact: nothing is ever given away twice. */
import type { Resources } from './job.ts';
import type { Environment } from './messages.ts';

export interface Amounts {
  /** Jobs. */
  readonly places: number;
  readonly milliCpus: number;
  readonly memoryKB: number;
  readonly diskKB: number;
  readonly gpus: number;
}

export type Kind = keyof Amounts;
const KINDS = ['places', 'milliCpus', 'memoryKB', 'diskKB', 'gpus'] as const satisfies readonly Kind[];

export const NOTHING: Amounts = { places: 0, milliCpus: 0, memoryKB: 0, diskKB: 0, gpus: 0 };

const MILLI = 1_000;
const KB_PER_GB = 1_000_000;
/** What a decimal fraction may be off by as a binary one. */
const EPSILON = 1e-6;

const down = (value: number) => Math.floor(value + EPSILON);
const up = (value: number) => Math.ceil(value - EPSILON);

export type Offered = Pick<Environment, 'maxJobs' | 'nCPU' | 'ramGB' | 'diskGB' | 'nGPU' | 'perJob'>;

/** All that an environment has. */
export function totalOf({ maxJobs, nCPU, ramGB, diskGB, nGPU }: Offered): Amounts {
  return {
    places: maxJobs,
    milliCpus: down(nCPU * MILLI),
    memoryKB: down(ramGB * KB_PER_GB),
    diskKB: down(diskGB * KB_PER_GB),
    gpus: nGPU,
  };
}

/** What one job gets that asks for nothing, and the most that it may ask for. Never more than there is, or it would wait for ever. */
export function shareOf(offered: Offered): Amounts {
  const total = totalOf(offered);
  const { perJob, maxJobs } = offered;
  if (!perJob) return map(total, (amount, kind) => (kind === 'gpus' ? amount : Math.floor(amount / maxJobs)));
  const most: Amounts = {
    places: 1,
    milliCpus: down(perJob.cpus * MILLI),
    memoryKB: down(perJob.ramGB * KB_PER_GB),
    diskKB: down(perJob.diskGB * KB_PER_GB),
    gpus: perJob.gpus,
  };
  return map(most, (amount, kind) => Math.min(amount, total[kind]));
}

/** What a job takes as long as it is there. */
export function neededBy(resources: Resources | undefined, offered: Offered): Amounts {
  const share = shareOf(offered);
  const { cpus, ramGB, diskGB, gpus = 0 } = resources ?? {};
  const asked = (amount: number | undefined, unit: number, most: number) =>
    amount === undefined ? most : Math.min(up(amount * unit), most);
  return {
    places: 1,
    milliCpus: asked(cpus, MILLI, share.milliCpus),
    memoryKB: asked(ramGB, KB_PER_GB, share.memoryKB),
    diskKB: asked(diskGB, KB_PER_GB, share.diskKB),
    gpus,
  };
}

export const plus = (one: Amounts, other: Amounts): Amounts => map(one, (amount, kind) => amount + other[kind]);

export const minus = (from: Amounts, taken: Amounts): Amounts => map(from, (amount, kind) => amount - taken[kind]);

/** What is left for others while somebody waits: who comes later may use what the first one does not need, and delays nobody. */
export const withheld = (free: Amounts, waiting: Amounts): Amounts =>
  map(free, (amount, kind) => Math.max(0, amount - waiting[kind]));

export const fits = (need: Amounts, free: Amounts): boolean => shortOf(need, free).length === 0;

/** What there is too little of. */
export const shortOf = (need: Amounts, free: Amounts): readonly Kind[] =>
  KINDS.filter((kind) => need[kind] > free[kind]);

function map(amounts: Amounts, change: (amount: number, kind: Kind) => number): Amounts {
  const { places, milliCpus, memoryKB, diskKB, gpus } = amounts;
  return {
    places: change(places, 'places'),
    milliCpus: change(milliCpus, 'milliCpus'),
    memoryKB: change(memoryKB, 'memoryKB'),
    diskKB: change(diskKB, 'diskKB'),
    gpus: change(gpus, 'gpus'),
  };
}
