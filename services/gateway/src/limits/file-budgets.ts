/** What strangers may make runners look at: of the whole node, and the share of one network. */
import type { Clock } from '@capstan/shared/clock';
import type { Config } from '@capstan/shared/config/schema';
import { createBudget, createShareLimit } from './budget.ts';

type Limits = Pick<Config['gateway']['limits'], 'fileInfosPerHour' | 'fileChecksPerHour'>;

export function fileBudgetsOf({ fileInfosPerHour, fileChecksPerHour }: Limits, clock: Clock) {
  return {
    limitNetwork: createShareLimit(fileInfosPerHour, clock),
    limitDownloads: createShareLimit(fileChecksPerHour, clock),
    looks: createBudget(fileInfosPerHour, clock),
    downloads: createBudget(fileChecksPerHour, clock),
  };
}
