/** The log of the algorithm is followed while it runs, and what its container was made of is asked for. */
import { STATUS } from '@capstan/shared/contract/status';
import { retryWhileAnswering } from '../../docker/answering.ts';
import type { Origin } from '../../docker/ports/containers.ts';
import { namesOf } from '../../docker/names.ts';
import type { Capture } from '../../logs/capture.ts';
import type { Attempt } from '../attempt.ts';
import type { Cause } from '../ending.ts';
import { untilLeft } from '../signals.ts';
import type { Step } from '../step.ts';
import { tellStep } from '../step-channel.ts';
import type { Running } from './start.ts';

export interface Captured {
  readonly capture: Capture;
  /** What the algorithm's container was made of, where the engine tells. */
  readonly origin: Promise<Origin | undefined>;
  /** Why an earlier life of the runner was ending it, or has. */
  readonly cause: Cause | undefined;
}

/** What an engine may take for what others do not wait for, as long as it answers all else. */
const LONGEST_MS = 600_000;

export const capture: Step<Running, Captured> = {
  name: 'capture',
  until: 'dropped',
  tells: () => STATUS.running.code,
  async run({ attempt, parts, held }, signal) {
    const { identity, log } = attempt;
    const cause = await parts.marks.readCause(identity, identity.attempt);
    const isReadable = parts.notes.isFollowed(identity);
    // Of what is ended for its flood of lines nobody follows the rest.
    const isFollowed = isReadable && cause?.because !== 'log';
    if (!isReadable) log.warn('the log of a job is not followed: this runner died too often meanwhile');
    if (isFollowed) tellStep(identity.jobId, 'follow');
    const opened = held.use(await parts.captures.open(identity, { isFollowed, log, signal }));
    const asking = held.use(untilLeft());
    return { cause, capture: opened, origin: askForOrigin(attempt, AbortSignal.any([signal, asking.signal])) };
  },
};

/** Needed only where somebody has removed a container: the wait for the algorithm does not wait for it. Undefined where the engine does not tell. */
function askForOrigin({ engine, identity, log }: Attempt, signal: AbortSignal): Promise<Origin | undefined> {
  const silent = new Error('the engine does not say what a container was made of');
  const { algorithm } = namesOf(identity);
  const origin = retryWhileAnswering({ engine, ms: LONGEST_MS, overdue: () => silent, signal, log }, (limited) =>
    engine.originOf(algorithm, limited),
  ).catch((error: unknown) => {
    if (error !== silent) throw error;
    return undefined;
  });
  // Its failure is heard by whoever needs it; who waits for the end hears of a container that is lost.
  origin.catch(() => undefined);
  return origin;
}
