/** Whether what a signed text is for can still be told. */
import { parseJobId } from '@capstan/shared/contract/ids';
import type { Caller } from './authenticate.ts';
import { invalidSignature } from './invalid-signature.ts';
import type { Store } from '../store/store.ts';

/**
 * Throws INVALID_SIGNATURE for an act on a job that more texts were signed about than are remembered: the text of a result that was refused,
 * and not noted, could be read as this one.
 */
export function requireToldApart(store: Pick<Store, 'usedTexts'>, { digest }: Caller, job: string | undefined): void {
  const jobId = parseJobId(job?.toLowerCase() ?? '');
  if (digest === undefined || jobId === undefined || !store.usedTexts.isFull(jobId)) return;
  throw invalidSignature(
    'Results and logs of this job were asked for with so many signatures over texts that another one could be taken for one of them. Take a token, or a typed signature.',
  );
}
