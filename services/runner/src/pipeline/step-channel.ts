/** Tells each step as it begins: for tests, and whoever looks into a running process. */
import { channel } from 'node:diagnostics_channel';
import type { JobId } from '@capstan/shared/contract/ids';

const steps = channel('capstan:runner:step');

export function tellStep(jobId: JobId, step: string): void {
  if (steps.hasSubscribers) steps.publish({ jobId, step });
}
