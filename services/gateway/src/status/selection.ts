/** Which jobs a caller means, PURE: from what clients write to a filter of the store. */
import { CapstanError } from '@capstan/shared/contract/errors';
import { fullDid, parseAddress } from '@capstan/shared/contract/ids';
import { agreementIdOf } from '../orders/agreement-id.ts';
import type { JobFilter } from '../store/statuses.ts';

/** What selects jobs, as callers write it, and what entitles them to see these. */
export interface WhoAndWhat {
  readonly jobId?: string | undefined;
  /** Any of these. */
  readonly jobs?: readonly string[] | undefined;
  readonly documentId?: string | undefined;
  readonly agreementId?: string | undefined;
  /** Narrows; alone, it is a way to list the jobs of everybody, which only operators may. */
  readonly environment?: string | undefined;
  /** Of everybody: for operators. */
  readonly all?: boolean | undefined;
  readonly consumerAddress?: string | undefined;
  readonly nonce?: string | undefined;
  readonly signature?: string | undefined;
}

/** The jobs that are meant; what a caller is entitled to see of them, `authorize` says. */
export type Selection = JobFilter;

/** All that it names, as they are written. */
export const idsOf = ({ jobId, jobs = [] }: WhoAndWhat) => [...(jobId === undefined ? [] : [jobId]), ...jobs];

export function selectionOf(query: WhoAndWhat): Selection {
  const { documentId, agreementId, environment, consumerAddress } = query;
  const owner = consumerAddress === undefined ? undefined : parseAddress(consumerAddress);
  const [jobId, ...more] = idsOf(query).map((id) => id.toLowerCase());
  return {
    ...(jobId === undefined ? {} : more.length === 0 ? { jobId } : { jobIds: [jobId, ...more] }),
    ...(documentId === undefined ? {} : { documentId: fullDid(documentId) }),
    ...(agreementId === undefined ? {} : { agreementId: agreementIdOf(agreementId) }),
    ...(environment === undefined ? {} : { environment }),
    ...(owner === undefined ? {} : { owner }),
  };
}

export function selectsNothing(query: WhoAndWhat): boolean {
  const { documentId, agreementId, consumerAddress } = query;
  return idsOf(query).length === 0 && !documentId && !agreementId && !consumerAddress;
}

export function nothingSelected(): CapstanError {
  const text = 'At least one of jobId, documentId, agreementId and consumerAddress is required.';
  return new CapstanError('VALIDATION', 'Validation error', {
    fields: { jobId: [text], documentId: [text], consumerAddress: [text] },
  });
}
