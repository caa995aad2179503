/** The algorithm is started: what the runner may have died over before counts no more. */
import type { AttemptContext } from '../attempt-context.ts';
import type { Step } from '../step.ts';

export const started: Step<AttemptContext, object> = {
  name: 'started',
  until: 'stopped',
  async run({ attempt, parts }) {
    await parts.notes.started(attempt.identity);
    return {};
  },
};
