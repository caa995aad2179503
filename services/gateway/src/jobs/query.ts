/** Which jobs a caller may see, and how they stand. */
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Config } from '@capstan/shared/config/schema';
import { parseAddress } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import type { Authenticate } from '../auth/authenticate.ts';
import { jobsMessage } from '../auth/message.ts';
import type { IsOperator } from '../auth/operators.ts';
import type { JobFilter, StatusRow } from '../store/statuses.ts';
import type { Store } from '../store/store.ts';
import { agreementIdOf } from './agreement-id.ts';
import type { Identity } from './identify.ts';
import type { StatusView } from './status-object.ts';
import { createStatusTexts, type StatusText } from './status-texts.ts';

/** Most jobs of one answer, newest first; who has more asks more narrowly. */
const MAX_JOBS = 1_000;

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
  readonly token?: string | undefined;
}

/** Jobs that a caller is entitled to see: only `authorize` makes one. */
export type Selection = JobFilter;

export interface Query {
  /**
   * Rejects with VALIDATION if the query selects nothing in particular, INVALID_SIGNATURE if it must be signed and is not, or is for
   * operators only. Whom the node knows already need not sign again.
   */
  authorize(query: WhoAndWhat, identity?: Identity): Promise<Selection>;
  /** Newest first, 1,000 at most. */
  statuses(selection: Selection): readonly StatusObject[];
  /** The same as text. */
  readonly texts: (selection: Selection, dates: StatusView['dates']) => StatusText;
}

interface QueryOptions {
  readonly store: Store;
  readonly authenticate: Authenticate;
  readonly statusAccess: Config['gateway']['statusAccess'];
  readonly isOperator: IsOperator;
  readonly show: (job: StatusRow, dates?: StatusView['dates']) => StatusObject;
}

export function createQuery({ store, authenticate, statusAccess, isOperator, show }: QueryOptions): Query {
  return {
    async authorize(query, identity) {
      if (identity && isOperator(identity.address) && query.signature === undefined) {
        if (!query.all && query.environment === undefined && selectsNothing(query)) throw nothingSelected();
        return selectionOf(query);
      }
      if (query.all) throw operatorsOnly();
      if (statusAccess === 'open') {
        if (selectsNothing(query)) throw nothingSelected();
        return selectionOf(query);
      }
      if (identity && query.signature === undefined) return ofCaller(query, identity);
      await requireSignature(query, authenticate);
      return selectionOf(query);
    },
    statuses: (selection) => store.statuses.select(selection, MAX_JOBS).map((job) => show(job)),
    texts: createStatusTexts({ store, show, maxJobs: MAX_JOBS }),
  };
}

/** The caller's own jobs among those that are asked for. */
function ofCaller(query: WhoAndWhat, { address }: Identity): Selection {
  const selection = selectionOf(query);
  if (selection.owner !== undefined && selection.owner !== address) {
    throw new CapstanError(
      'INVALID_SIGNATURE',
      `This node shows statuses to the owner of the jobs only: it knows you as ${address}, and you asked for those of ${selection.owner}.`,
    );
  }
  return { ...selection, owner: address };
}

/** Reading uses up no nonce: a status may be asked for as often as one likes. */
async function requireSignature(query: WhoAndWhat, authenticate: Authenticate): Promise<void> {
  const { consumerAddress, nonce, signature, token, documentId } = query;
  const required = { consumerAddress, nonce, ...(token === undefined ? { signature } : {}) };
  const missing = Object.entries(required).filter(([, value]) => value === undefined);
  if (consumerAddress === undefined || missing.length > 0) {
    const fields = Object.fromEntries(missing.map(([name]) => [name, [`The ${name} field is required.`]]));
    throw new CapstanError('VALIDATION', 'Validation error', { fields });
  }
  const jobId = idsOf(query).join('');
  await authenticate({ consumerAddress, nonce, signature, token }, (signed) =>
    jobsMessage({ consumerAddress, jobId, documentId, nonce: signed }),
  );
}

const idsOf = ({ jobId, jobs = [] }: WhoAndWhat) => [...(jobId === undefined ? [] : [jobId]), ...jobs];

function selectionOf(query: WhoAndWhat): Selection {
  const { documentId, agreementId, environment, consumerAddress } = query;
  const owner = consumerAddress === undefined ? undefined : parseAddress(consumerAddress);
  const [jobId, ...more] = idsOf(query);
  return {
    ...(jobId === undefined ? {} : more.length === 0 ? { jobId } : { jobIds: [jobId, ...more] }),
    ...(documentId === undefined ? {} : { documentId }),
    ...(agreementId === undefined ? {} : { agreementId: agreementIdOf(agreementId) }),
    ...(environment === undefined ? {} : { environment }),
    ...(owner === undefined ? {} : { owner }),
  };
}

function selectsNothing(query: WhoAndWhat): boolean {
  const { documentId, agreementId, consumerAddress } = query;
  return idsOf(query).length === 0 && !documentId && !agreementId && !consumerAddress;
}

function operatorsOnly(): CapstanError {
  return new CapstanError(
    'INVALID_SIGNATURE',
    'The jobs of everybody are for operators of this node (its setting gateway.operators), by a token of theirs. Say whose jobs you mean.',
  );
}

function nothingSelected(): CapstanError {
  const text = 'At least one of jobId, documentId, agreementId and consumerAddress is required.';
  return new CapstanError('VALIDATION', 'Validation error', {
    fields: { jobId: [text], documentId: [text], consumerAddress: [text] },
  });
}
