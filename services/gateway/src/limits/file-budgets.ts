/** What strangers may make runners look at: of the whole node, and the share of one network. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';
import { createBudget, createShareLimit } from './budget.ts';
import { createConnectionLimit } from './connection-limit.ts';

type Limits = Pick<Config['gateway']['limits'], 'fileInfosPerHour' | 'fileChecksPerHour'>;

/** Questions that wait for an answer at a time: a source that says nothing holds its own for as long as the longest wait, and no other network's. */
const LOOKS = { maxFollowers: 8, maxFollowersPerNetwork: 2, what: 'questions about files' };
const CHECKS = { maxFollowers: 4, maxFollowersPerNetwork: 1, what: 'checks of files' };

const shareOf = (what: string, setting: keyof Limits) =>
  `${what} from your network, which has a quarter of what this node answers in an hour (its setting gateway.limits.${setting})`;

export function fileBudgetsOf({ fileInfosPerHour, fileChecksPerHour }: Limits, clock: Clock) {
  return {
    limitNetwork: createShareLimit(fileInfosPerHour, clock, shareOf(LOOKS.what, 'fileInfosPerHour')),
    limitDownloads: createShareLimit(fileChecksPerHour, clock, shareOf(CHECKS.what, 'fileChecksPerHour')),
    looks: createBudget(fileInfosPerHour, clock),
    downloads: createBudget(fileChecksPerHour, clock),
    takeLook: createConnectionLimit(LOOKS),
    takeCheck: createConnectionLimit(CHECKS),
  };
}
