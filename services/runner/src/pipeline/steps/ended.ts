/** The algorithm does not run any more: whoever waits for that hears of it at once, before anything else is asked of the engine. */
import { STATUS } from '@capstan/shared/contract/status';
import type { AttemptContext } from '../attempt-context.ts';
import type { Step } from '../step.ts';

export const ended: Step<AttemptContext, object> = {
  name: 'ended',
  until: 'dropped',
  tells: ({ attempt }) => (attempt.identity.isFiltered ? STATUS.filtering.code : STATUS.publishing.code),
  async run({ attempt, parts, turn }, signal) {
    await turn('after', signal);
    await parts.notes.enter(attempt.identity, 'after');
    return {};
  },
};
