/** Which jobs a caller may see. */
import type { StatusQuery } from '@capstan/shared/contract/api';
import type { Config } from '@capstan/shared/config/schema';
import { parseAddress } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import { authenticate, invalidSignature } from '../auth/authorize.ts';
import { statusMessage } from '../auth/message.ts';
import type { JobFilter, JobRow } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { agreementIdOf } from './agreement-id.ts';

/** Most jobs of one answer, newest first; who has more asks more narrowly. */
const MAX_JOBS = 1_000;

export type WhoAndWhat = Omit<StatusQuery, 'dates'>;

export interface Query {
  /** The filter a caller is entitled to. Throws VALIDATION if it selects nothing in particular, INVALID_SIGNATURE if it must be signed. */
  authorize(query: WhoAndWhat): JobFilter;
  select(filter: JobFilter): readonly JobRow[];
}

export function createQuery(store: Store, statusAccess: Config['gateway']['statusAccess']): Query {
  return {
    authorize(query) {
      if (statusAccess === 'signed') requireSignature(query);
      else if (!query.jobId && !query.documentId && !query.agreementId && !query.consumerAddress)
        throw nothingSelected();
      return filterOf(query);
    },
    select: (filter) => store.jobs.select(filter, MAX_JOBS),
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

function filterOf({ jobId, documentId, agreementId, consumerAddress }: WhoAndWhat): JobFilter {
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
