/** A run whose attempt is somebody else's, or may be: it ends here, told by nobody of this runner. */
import type { Started } from '@capstan/shared/contract/messages';
import type { Log } from '@capstan/shared/runtime/log';
import type { RunEntry } from './run-entry.ts';

/** Whether a later attempt than ours is started. */
export const isBehind = (entry: RunEntry | undefined, started: Started): entry is RunEntry =>
  entry?.run === started.run && entry.attempts.here > 0 && entry.attempts.here < started.attempt;

/** Another runner has it. */
export function leave(entry: RunEntry, started: Omit<Started, 'v'>, log: Log): void {
  log.warn({ jobId: entry.jobId, ...started }, 'another runner has gone on with this job; clearing it away here');
  // They are the other one's now, and so is their acknowledgement.
  entry.deliveries.messages = [];
  entry.control.set('ended');
}

/** Its attempt may be somebody else's by now: nothing of it goes on here, and its command is for whoever takes it next. */
export function lapse({ attempts, deliveries, control }: RunEntry): void {
  if (attempts.here === 0) return;
  deliveries.messages = [];
  control.set('lapsed');
}
