/** Steps that are tried again where the engine has no room for what they make, or has lost an image meanwhile. */
import { CapstanError } from '@capstan/shared/contract/errors';
import { retryWhileAnswering } from '../docker/answering.ts';
import { removeAttempt } from '../docker/reconcile.ts';
import { retryOnCode } from '../docker/retry-while-unavailable.ts';
import type { AttemptContext } from './attempt-context.ts';
import { signalUntil, type Way } from './step.ts';
import type { Claimed } from './steps/claim.ts';
import type { HoldsImages } from './steps/pull.ts';

/** People clear images away by cron, between a pull and its use too. */
const PULLS_AGAIN = 3;
/** What an engine may take for what others do not wait for, as long as it answers all else. */
const LONGEST_MS = 600_000;

export const whileThereIsRoom =
  <From extends AttemptContext>(way: Way<From & HoldsImages, From & HoldsImages & Claimed>) =>
  async (context: From): Promise<Pick<Claimed, 'ours'>> => {
    const { attempt, parts } = context;
    const { engine, identity, log } = attempt;
    const signal = signalUntil('halted', context);
    const once = async () => {
      // Held until containers need them: from then on the engine itself won't let them go.
      using heldImages = new DisposableStack();
      const { ours } = await way.run({ ...context, heldImages });
      return { ours };
    };
    const undo = () =>
      retryWhileAnswering({ engine, ms: LONGEST_MS, overdue: stays, signal, log }, (limited) =>
        removeAttempt(engine, identity, limited),
      );
    return parts.room.waitFor(() => retryOnCode(once, 'IMAGE_GONE', { signal, retries: PULLS_AGAIN }), {
      jobId: identity.jobId,
      undo,
      log,
      signal,
    });
  };

const stays = () =>
  new CapstanError(
    'CONTAINER_REFUSED',
    'The container engine had no room for the job, and does not clear away what it had made for it.',
  );
