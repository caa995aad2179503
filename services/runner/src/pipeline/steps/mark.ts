/** That an attempt is about to be started is on the disk before it is: whoever comes after this life knows that it may have been. */
import { STATUS } from '@capstan/shared/contract/status';
import { signalUntil, type Step } from '../step.ts';
import type { Claimed } from './claim.ts';

/** Not exported: what has it was made here, once the disk had the mark. */
const written: unique symbol = Symbol('written');

/** Once that it is about to be started is on the disk: without it, no step starts an algorithm for the first time. */
export interface Marked extends Claimed {
  readonly marked: { readonly [written]: true };
}

export const mark: Step<Claimed, Pick<Marked, 'marked'>> = {
  name: 'mark',
  until: 'stopped',
  tells: () => STATUS.provisioned.code,
  async run(context) {
    const { attempt, parts, ours } = context;
    await parts.marks.write(attempt.identity, attempt.identity.attempt);
    parts.ownership.mayStart(ours);
    signalUntil('halted', context).throwIfAborted();
    return { marked: { [written]: true } };
  },
};
