/** Commands are read under a note, as steps are taken: one that kills the runner while it is read would come again for ever. */
import { runOf, type Refusal } from './command.ts';
import { tellStep } from '../pipeline/step-channel.ts';
import type { StepNotes } from '../pipeline/step-notes.ts';
import type { Run } from '../results/results.ts';

interface ReadingOptions {
  readonly notes: Pick<StepNotes, 'enter' | 'leave' | 'judge' | 'bury'>;
  readonly isInHand: (run: Run) => boolean;
  /** It was begun as it was read: from then on its steps have the note. */
  readonly isAtWork: (run: Run) => boolean;
}

export interface Readers {
  readonly read: () => void;
  readonly refuse: (refusal: Refusal) => void;
}

/** Reads a command, or refuses it unread. Which run it is about is looked at first, and nothing else of it. */
export function createReading({ notes, isInHand, isAtWork }: ReadingOptions) {
  return async (body: unknown, { read, refuse }: Readers): Promise<void> => {
    const run = runOf(body);
    if (!run || isInHand(run)) return read();
    if (notes.judge(run, 'read') === 'given-up') {
      await notes.bury(run);
      return refuse({
        ...run,
        reason: 'The node broke down each time that it read the command of this job, and gave it up.',
      });
    }
    // A process that dies takes nothing off the disk; only a machine would.
    await notes.enter(run, 'read', 'fleeting');
    tellStep(run.jobId, 'read');
    read();
    if (!isAtWork(run)) await notes.leave(run);
  };
}
