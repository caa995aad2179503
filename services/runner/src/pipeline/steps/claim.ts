/** The attempt is this runner's to start, and nobody else's. */
import type { Ours } from '../../docker/ours.ts';
import type { AttemptContext } from '../attempt-context.ts';
import type { Step } from '../step.ts';

export interface Claimed extends AttemptContext {
  /** The right to start its algorithm. */
  readonly ours: Ours;
}

interface Claiming extends AttemptContext {
  readonly claiming: Promise<Ours>;
}

/** Waits until it is this runner's. If it is another's, the run was told to end, and that is what it gives up for. */
export async function askForClaim({ attempt, parts, control }: AttemptContext, signal: AbortSignal): Promise<Ours> {
  const answer = await parts.ownership.claimStart(attempt.identity, signal);
  if (answer.kind === 'ours') return answer;
  control.set('ended');
  throw control.dropped.reason;
}

/** The answer that was asked for at the beginning. */
export const claim: Step<Claiming, Pick<Claimed, 'ours'>> = {
  name: 'claim',
  until: 'halted',
  run: async ({ claiming }) => ({ ours: await claiming }),
};

/** Of an attempt that an earlier life of the runner has claimed: also one that shall stop has to be known as started or not. */
export const claimAgain: Step<AttemptContext, Pick<Claimed, 'ours'>> = {
  name: 'claim',
  until: 'dropped',
  run: async (context, signal) => ({ ours: await askForClaim(context, signal) }),
};
