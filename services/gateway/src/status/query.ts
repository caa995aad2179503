/** Which jobs a caller may see, and how they stand. */
import { SignedStatusSchema, type StatusObject } from '@capstan/shared/contract/api';
import type { Config } from '@capstan/shared/config/schema';
import { readJobId } from '@capstan/shared/contract/ids';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { compile } from '@capstan/shared/schema/validate';
import type { Authenticate } from '../auth/authenticate.ts';
import { invalidSignature } from '../auth/invalid-signature.ts';
import { jobsMessage } from '../auth/message.ts';
import type { IsOperator } from '../auth/operators.ts';
import type { StatusRow } from '../store/status-row.ts';
import type { Store } from '../store/store.ts';
import type { Identity } from '../auth/identify.ts';
import type { QueueView } from '../scheduling/queue-reason.ts';
import { idsOf, nothingSelected, selectionOf, selectsNothing, type Selection, type WhoAndWhat } from './selection.ts';
import type { StatusView } from './status-object.ts';
import type { WhatIsTrue } from './still-true.ts';
import { createStatusTexts, type StatusTexts } from './status-texts.ts';

const validate = compile(SignedStatusSchema);

/** Most jobs of one answer, newest first; who has more asks more narrowly. */
const MAX_JOBS = 1_000;

/** Where a query comes from. */
export interface From {
  /** A web page of another origin asks. */
  readonly isForeign?: boolean;
  readonly network?: string;
}

export interface Query {
  /**
   * Rejects with VALIDATION if the query selects nothing in particular, INVALID_SIGNATURE if it must be signed and is not, or is for
   * operators only. Whom the node knows already need not sign again.
   */
  authorize(query: WhoAndWhat, identity?: Identity, from?: From): Promise<Selection>;
  /** How they stand, as text. */
  readonly texts: StatusTexts;
}

interface QueryOptions {
  readonly store: Store;
  readonly authenticate: Authenticate;
  readonly statusAccess: Config['gateway']['statusAccess'];
  /** Whether any page on the web could reach the node that only this machine should: then such pages need proof, too. */
  readonly isLoopbackOnly: boolean;
  readonly isOperator: IsOperator;
  readonly whatIsTrue: WhatIsTrue;
  readonly show: (job: StatusRow, dates?: StatusView['dates'], queue?: QueueView) => StatusObject;
}

export function createQuery(options: QueryOptions): Query {
  const { store, authenticate, statusAccess, isLoopbackOnly, isOperator, whatIsTrue, show } = options;

  /** Whether anybody may see what is selected. */
  const isOpen = (query: WhoAndWhat, isForeign: boolean) => {
    if (statusAccess === 'open') return !(isForeign && isLoopbackOnly);
    return statusAccess === 'id' && idsOf(query).length > 0 && idsOf(query).every((id) => readJobId(id) !== undefined);
  };

  const isKnown = (id: string) => {
    const jobId = readJobId(id);
    return jobId !== undefined && (store.statuses.version(jobId) ?? store.tombstones.find(jobId)) !== undefined;
  };
  /** An id that no job has will never be one's: who names very many has nothing kept or listened to for them. */
  const selectedBy = (query: WhoAndWhat): Selection => {
    const selection = selectionOf(query);
    if (!selection.jobIds) return selection;
    const known = selection.jobIds.filter(isKnown);
    // Never without any: that would be the jobs of everybody.
    return { ...selection, jobIds: known.length > 0 ? known : selection.jobIds.slice(0, 1) };
  };

  /** That the caller asked for jobs of theirs, under a signature that counts: it may not be taken for an act from then on. */
  const signed = async (query: WhoAndWhat, network: string): Promise<void> => {
    const { consumerAddress, nonce, signature, documentId } = query;
    const missing = Object.entries({ consumerAddress, nonce, signature }).filter(([, value]) => value === undefined);
    if (consumerAddress === undefined || missing.length > 0)
      throw unsigned(
        query,
        missing.map(([name]) => name),
      );
    // What is open to all takes these as they come. Parts of a text that are not of their form could be read as other parts.
    const form = validate({ consumerAddress, nonce, signature, ...(documentId === undefined ? {} : { documentId }) });
    if (!form.ok) throw new CapstanError('VALIDATION', 'Validation error', { fields: form.errors });
    const jobId = idsOf(query).join('');
    const { address, note, noteIdle } = await authenticate.status({ consumerAddress, nonce, signature }, (given) =>
      jobsMessage({ consumerAddress, jobId, documentId, nonce: given }),
    );
    const isAboutJobs = store.statuses.select({ ...selectionOf(query), owner: address }, 1).length > 0;
    await (isAboutJobs ? note() : noteIdle(network));
  };

  const unsigned = (query: WhoAndWhat, missing: readonly string[]): CapstanError => {
    if (query.signature === undefined && statusAccess === 'id') return wantsProof(ID_ONLY);
    if (query.signature === undefined && statusAccess === 'open') return wantsProof(FOREIGN);
    const fields = Object.fromEntries(missing.map((name) => [name, [`The ${name} field is required.`]]));
    return new CapstanError('VALIDATION', 'Validation error', { fields });
  };

  return {
    async authorize(query, identity, { isForeign = false, network = '' } = {}) {
      if (identity && isOperator(identity.address) && query.signature === undefined) {
        if (!query.all && query.environment === undefined && selectsNothing(query)) throw nothingSelected();
        return selectedBy(query);
      }
      if (query.all) throw operatorsOnly();
      if (isOpen(query, isForeign)) {
        if (selectsNothing(query)) throw nothingSelected();
        // It need not be signed here. What was signed all the same, as ocean.py does, is used up for acts; what was not counts for nothing.
        if (query.signature !== undefined) await signed(query, network).catch(ignoreBadSignature);
        return selectedBy(query);
      }
      if (identity && query.signature === undefined) return ofCaller(selectedBy(query), identity);
      await signed(query, network);
      return selectedBy(query);
    },
    texts: createStatusTexts({ store, show, whatIsTrue, maxJobs: MAX_JOBS }),
  };
}

function ignoreBadSignature(error: unknown): void {
  if (!hasCode(error, 'INVALID_SIGNATURE', 'VALIDATION', 'TOO_MANY_REQUESTS')) throw error;
}

const wantsProof = (detail: string) => invalidSignature(`This wants proof of who asks. ${detail}`);

const ID_ONLY =
  'Statuses here are for who knows the job: ask by jobId. A list of your jobs takes a token (AuthToken), a ticket, or a signature.';
const FOREIGN =
  'This node is for its own machine, and shows statuses to pages of other origins only with a token, a ticket or a signature. Its operator can list your origin in gateway.corsOrigins, or set gateway.publicUrl.';

/** The caller's own jobs among those that are asked for. */
function ofCaller(selection: Selection, { address }: Identity): Selection {
  if (selection.owner !== undefined && selection.owner !== address) {
    throw new CapstanError(
      'INVALID_SIGNATURE',
      `This node shows statuses to the owner of the jobs only: it knows you as ${address}, and you asked for those of ${selection.owner}.`,
    );
  }
  return { ...selection, owner: address };
}

function operatorsOnly(): CapstanError {
  return new CapstanError(
    'INVALID_SIGNATURE',
    'The jobs of everybody are for operators of this node (its setting gateway.operators), by a token of theirs. Say whose jobs you mean.',
  );
}
