/** Which start commands a sweep sends again, PURE. */
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';

export interface Sent {
  readonly jobId: JobId;
  readonly run: number;
  readonly environment: EnvironmentId;
  /** Unix milliseconds of the last time its command went out. */
  readonly sentAt: number;
}

interface Seen {
  readonly now: number;
  /** How long a command may take to reach a runner and show up in its announcement. */
  readonly graceMs: number;
  /** Environments that a live runner offers: commands for others would only pile up. */
  readonly isLive: (environment: EnvironmentId) => boolean;
  /** Whether a live runner says that it is at this run: then it is never sent a second time. */
  readonly isAnnounced: (jobId: JobId, run: number) => boolean;
}

/** The unfinished jobs that went out and that no live runner knows of. Sending again is harmless: runners compare with what exists. */
export function missing<T extends Sent>(sent: readonly T[], { now, graceMs, isLive, isAnnounced }: Seen): readonly T[] {
  return sent.filter(
    ({ jobId, run, environment, sentAt }) =>
      // The clock may have been set back: a command from the future is as old as any.
      (now - sentAt >= graceMs || sentAt > now) && isLive(environment) && !isAnnounced(jobId, run),
  );
}
