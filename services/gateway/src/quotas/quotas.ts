/**
 * How much may wait, and be kept, PURE: of one address, of one network, of all. Addresses cost nothing, and networks little: a quarter of
 * the node is the most that one network takes, and another quarter is for orders that were paid, whatever strangers do.
 */
import { counted } from '@capstan/shared/contract/counted';
import type { Used } from '../store/usage.ts';

export interface Quotas {
  readonly jobsPerAddress: number;
  readonly bytesPerAddress: number;
  readonly jobs: number;
  readonly bytes: number;
  /** Of results; undefined for no limit. */
  readonly keptBytes: number | undefined;
}

export interface Standing {
  readonly owner: Used;
  /** Undefined where it is not known: jobs of an earlier version. */
  readonly network: Used | undefined;
  readonly free: Used;
  readonly paid: Used;
}

export interface Coming {
  /** Of what is stored for it. */
  readonly bytes: number;
  readonly isPaid: boolean;
}

export type Over = { readonly whose: 'address' | 'network' | 'node'; readonly what: string; readonly setting: string };

/** Of the node: what one network may have, and what is left to orders that are paid. */
export const ONE_SHARE = 1 / 4;

/** What another job that waits would be too much of; undefined if it may come. */
export function overWaiting({ bytes, isPaid }: Coming, standing: Standing, quotas: Quotas): Over | undefined {
  const { owner, network, free, paid } = standing;
  const all = { jobs: free.jobs + paid.jobs, bytes: free.bytes + paid.bytes };
  const share = isPaid ? 1 : 1 - ONE_SHARE;
  const checks: readonly (readonly [
    Over['whose'],
    Pick<Used, 'jobs' | 'bytes'> | undefined,
    number,
    number,
    string,
  ])[] = [
    ['address', owner, quotas.jobsPerAddress, quotas.bytesPerAddress, 'PerAddress'],
    ['network', network, quotas.jobs * ONE_SHARE, quotas.bytes * ONE_SHARE, ''],
    ['node', all, quotas.jobs * share, quotas.bytes * share, ''],
  ];
  for (const [whose, used, mostJobs, mostBytes, suffix] of checks) {
    if (!used) continue;
    if (used.jobs + 1 > mostJobs)
      return {
        whose,
        what: counted(used.jobs, 'job waits for its turn', 'jobs wait for their turn'),
        setting: `waitingJobs${suffix}`,
      };
    if (used.bytes + bytes > mostBytes)
      return {
        whose,
        what: `what ${counted(used.jobs, 'waiting job holds', 'waiting jobs hold')} takes ${inMB(used.bytes)} MB`,
        setting: suffix === '' ? 'waitingMB' : 'waitingPerAddressMB',
      };
  }
  return undefined;
}

/** Whose kept results leave no room for more of theirs; undefined if more may be kept. */
export function overKept(isPaid: boolean, standing: Standing, { keptBytes }: Quotas): Over | undefined {
  if (keptBytes === undefined) return undefined;
  const { owner, network, free, paid } = standing;
  const all = free.keptBytes + paid.keptBytes;
  const checks: readonly (readonly [Over['whose'], number, number])[] = [
    ['address', owner.keptBytes, keptBytes * ONE_SHARE],
    ['network', network?.keptBytes ?? 0, keptBytes * ONE_SHARE],
    ['node', all, isPaid ? keptBytes : keptBytes * (1 - ONE_SHARE)],
  ];
  const over = checks.find(([, used, most]) => used >= most);
  return over && { whose: over[0], what: `results that are kept take ${inGB(over[1])} GB`, setting: 'keptResultsGB' };
}

const inMB = (bytes: number) => Math.round(bytes / 1e5) / 10;
const inGB = (bytes: number) => Math.round(bytes / 1e8) / 10;
