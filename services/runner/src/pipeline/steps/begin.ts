/** The attempt begins: when it is its turn, and under a note that outlives the runner. Asks whether it is this runner's to start. */
import { STATUS } from '@capstan/shared/contract/status';
import type { JobSpec } from '@capstan/shared/contract/job';
import type { Ours } from '../../docker/ours.ts';
import type { AttemptContext } from '../attempt-context.ts';
import { untilLeft } from '../signals.ts';
import type { Step } from '../step.ts';
import { askForClaim } from './claim.ts';

export interface ToBegin extends AttemptContext {
  readonly spec: JobSpec;
}

export interface Begun extends ToBegin {
  /** Resolves once it is this runner's. */
  readonly claiming: Promise<Ours>;
}

export const begin: Step<ToBegin, Pick<Begun, 'claiming'>> = {
  name: 'begin',
  until: 'halted',
  tells: () => STATUS.started.code,
  async run(context, signal) {
    const { attempt, parts, turn, held } = context;
    await turn('before', signal);
    await parts.notes.enter(attempt.identity, 'before');
    // Nobody asks on for a run that has failed meanwhile.
    const asking = held.use(untilLeft());
    const claiming = askForClaim(context, AbortSignal.any([signal, asking.signal]));
    // It is waited for once the image is there.
    claiming.catch(() => undefined);
    return { claiming };
  },
};
