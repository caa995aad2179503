/** Which jobs a caller may see, and how they stand. */
import type { StatusObject, StatusQuery } from '@capstan/shared/contract/api';
import type { Config } from '@capstan/shared/config/schema';
import { parseAddress } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import type { Authenticate, Credentials } from '../auth/authenticate.ts';
import { jobsMessage } from '../auth/message.ts';
import type { JobFilter, StatusRow } from '../store/statuses.ts';
import type { Store } from '../store/store.ts';
import { agreementIdOf } from './agreement-id.ts';
import type { StatusView } from './status-object.ts';
import { createStatusTexts, type StatusText } from './status-texts.ts';

/** Most jobs of one answer, newest first; who has more asks more narrowly. */
const MAX_JOBS = 1_000;

export type WhoAndWhat = Omit<StatusQuery, 'dates'> & Pick<Credentials, 'token'>;

/** Jobs that a caller is entitled to see: only `authorize` makes one. */
export type Selection = JobFilter;

export interface Query {
  /** Rejects with VALIDATION if the query selects nothing in particular, INVALID_SIGNATURE if it must be signed and is not. */
  authorize(query: WhoAndWhat): Promise<Selection>;
  /** Newest first, 1,000 at most. */
  statuses(selection: Selection): readonly StatusObject[];
  /** The same as text. */
  readonly texts: (selection: Selection, dates: StatusView['dates']) => StatusText;
}

interface QueryOptions {
  readonly store: Store;
  readonly authenticate: Authenticate;
  readonly statusAccess: Config['gateway']['statusAccess'];
  readonly show: (job: StatusRow, dates?: StatusView['dates']) => StatusObject;
}

export function createQuery({ store, authenticate, statusAccess, show }: QueryOptions): Query {
  return {
    async authorize(query) {
      if (statusAccess === 'signed') await requireSignature(query, authenticate);
      else if (!query.jobId && !query.documentId && !query.agreementId && !query.consumerAddress)
        throw nothingSelected();
      return selectionOf(query);
    },
    statuses: (selection) => store.statuses.select(selection, MAX_JOBS).map((job) => show(job)),
    texts: createStatusTexts({ store, show, maxJobs: MAX_JOBS }),
  };
}

/** Reading uses up no nonce: a status may be asked for as often as one likes. */
async function requireSignature(query: WhoAndWhat, authenticate: Authenticate): Promise<void> {
  const { consumerAddress, nonce, signature, token, jobId, documentId } = query;
  const required = { consumerAddress, nonce, ...(token === undefined ? { signature } : {}) };
  const missing = Object.entries(required).filter(([, value]) => value === undefined);
  if (consumerAddress === undefined || missing.length > 0) {
    const fields = Object.fromEntries(missing.map(([name]) => [name, [`The ${name} field is required.`]]));
    throw new CapstanError('VALIDATION', 'Validation error', { fields });
  }
  await authenticate({ consumerAddress, nonce, signature, token }, (signed) =>
    jobsMessage({ consumerAddress, jobId, documentId, nonce: signed }),
  );
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
