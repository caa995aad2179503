/** Which jobs a caller may see, and how they stand. */
import type { StatusObject, StatusQuery } from '@capstan/shared/contract/api';
import type { Config } from '@capstan/shared/config/schema';
import { parseAddress } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import { authenticate, invalidSignature } from '../auth/authorize.ts';
import { statusMessage } from '../auth/message.ts';
import type { JobFilter, JobRow } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { agreementIdOf } from './agreement-id.ts';
import type { StatusView } from './status-object.ts';

/** Most jobs of one answer, newest first; who has more asks more narrowly. */
const MAX_JOBS = 1_000;

export type WhoAndWhat = Omit<StatusQuery, 'dates'>;

/** Jobs that a caller is entitled to see: only `authorize` makes one. */
export type Selection = JobFilter;

export interface Query {
  /** Throws VALIDATION if the query selects nothing in particular, INVALID_SIGNATURE if it must be signed and is not. */
  authorize(query: WhoAndWhat): Selection;
  /** Newest first, 1,000 at most. */
  statuses(selection: Selection, dates?: StatusView['dates']): readonly StatusObject[];
}

interface QueryOptions {
  readonly store: Store;
  readonly statusAccess: Config['gateway']['statusAccess'];
  readonly show: (job: JobRow, dates?: StatusView['dates']) => StatusObject;
}

export function createQuery({ store, statusAccess, show }: QueryOptions): Query {
  return {
    authorize(query) {
      if (statusAccess === 'signed') requireSignature(query);
      else if (!query.jobId && !query.documentId && !query.agreementId && !query.consumerAddress)
        throw nothingSelected();
      return selectionOf(query);
    },
    statuses: (selection, dates) => store.jobs.select(selection, MAX_JOBS).map((job) => show(job, dates)),
  };
}

/** Reading uses up no nonce: a status may be asked for as often as one likes. */
function requireSignature({ consumerAddress, nonce, signature, jobId, documentId }: WhoAndWhat): void {
  const fields: Record<string, string[]> = {};
  for (const [name, value] of Object.entries({ consumerAddress, nonce, signature })) {
    if (value === undefined) fields[name] = [`The ${name} field is required.`];
  }
  if (Object.keys(fields).length > 0) throw new CapstanError('VALIDATION', 'Validation error', { fields });
  if (!consumerAddress || !nonce || !signature) throw invalidSignature();
  authenticate({
    consumerAddress,
    nonce,
    signature,
    message: statusMessage({ consumerAddress, jobId, documentId, nonce }),
  });
}

function selectionOf({ jobId, documentId, agreementId, consumerAddress }: WhoAndWhat): Selection {
  const owner = consumerAddress === undefined ? undefined : parseAddress(consumerAddress);
  return {
    ...(jobId === undefined ? {} : { jobId }),
    ...(documentId === undefined ? {} : { documentId }),
    ...(agreementId === undefined ? {} : { agreementId: agreementIdOf(agreementId) }),
    ...(owner === undefined ? {} : { owner }),
  };
}

function nothingSelected(): CapstanError {
  const text = 'At least one of jobId, documentId, agreementId and consumerAddress is required.';
  return new CapstanError('VALIDATION', 'Validation error', {
    fields: { jobId: [text], documentId: [text], consumerAddress: [text] },
  });
}
