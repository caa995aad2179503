/** The jobs that a signed request is about: the caller's own, and nobody else's. */
import { CapstanError } from '@capstan/shared/contract/errors';
import { fullDid, type Address } from '@capstan/shared/contract/ids';
import type { StatusRow } from '../store/status-row.ts';
import type { Store } from '../store/store.ts';
import { agreementIdOf } from '../orders/agreement-id.ts';

/** Most jobs of one request; who has more asks again. An address may have as many waiting (`quotas`), so that a stop stops all. */
const MOST_JOBS = 1_000;

interface Which {
  readonly jobId?: string | undefined;
  readonly documentId?: string | undefined;
  readonly agreementId?: string | undefined;
  /** Only those that have not ended, unless one is named. */
  readonly isOpen?: true;
}

/**
 * Throws NOT_FOUND if a job is named and it is not the caller's: whether there is such a job, a stranger does not learn. Without an
 * owner, all jobs count as the caller's.
 */
export function ownedJobs(
  store: Store,
  owner: Address | undefined,
  { jobId, documentId, agreementId, isOpen }: Which,
): readonly StatusRow[] {
  const jobs = store.statuses.select(
    {
      ...(owner === undefined ? {} : { owner }),
      ...(jobId === undefined ? {} : { jobId: jobId.toLowerCase() }),
      ...(documentId === undefined ? {} : { documentId: fullDid(documentId) }),
      ...(agreementId === undefined ? {} : { agreementId: agreementIdOf(agreementId) }),
      ...(isOpen ? { isOpen } : {}),
    },
    MOST_JOBS,
  );
  if (jobId !== undefined && jobs.length === 0) throw noSuchJob();
  return jobs;
}

export const noSuchJob = () =>
  new CapstanError(
    'NOT_FOUND',
    'There is no such job of yours. Check the id, and that you sign with the key that ordered it.',
  );
