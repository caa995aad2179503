/** The ending of a run whose command can't be carried out at all. */
import { jobEvent, type JobEvent } from '@capstan/shared/contract/messages';
import { STATUS } from '@capstan/shared/contract/status';
import type { Refusal } from './command.ts';
import { endingWithout } from '../pipeline/ending.ts';

export function refusedEvent({ jobId, run, reason }: Refusal, at: number): JobEvent {
  const { code, termination } = endingWithout(STATUS.containerFailed.code, reason);
  return jobEvent({ jobId, run, attempt: 1, code, at, details: { termination, results: [] } });
}
