/** A job as clients see it, PURE. Source of the fields: the wire contract, §2. */
import type { StatusObject } from '@capstan/shared/contract/api';
import { isoOf } from '@capstan/shared/runtime/dates';
import { statusText } from '@capstan/shared/contract/status';
import type { StatusRow } from '../store/status-row.ts';

export interface StatusView {
  /** Where clients reach the node, without a slash at the end. */
  readonly publicUrl: string;
  /** `unix`: seconds with a millisecond fraction. */
  readonly dates: 'unix' | 'iso';
  /** Why the job waits; only asked for while it does. */
  readonly queue: (job: StatusRow) => NonNullable<StatusObject['queue']>;
  /** Why a job that a runner has taken waits all the same, if it does. */
  readonly held: (job: StatusRow) => StatusObject['queue'];
}

export function statusObject(job: StatusRow, { publicUrl, dates, queue, held }: StatusView): StatusObject {
  const date = (ms: number) => (dates === 'iso' ? isoOf(ms) : ms / 1000);
  const ofRun = job.isPast ? `&run=${job.run}` : '';
  const resultUrl = (index: number) =>
    `${publicUrl}/api/services/computeResult?jobId=${job.jobId}&index=${index}${ofRun}`;
  const log = job.results.find(({ type }) => type === 'algorithmLog');
  return {
    owner: job.ownerShown,
    documentId: job.documentId,
    did: job.documentId,
    jobId: job.jobId,
    run: job.run,
    agreementId: job.agreementId,
    dateCreated: date(job.dateCreated),
    dateFinished: job.dateFinished === null ? null : date(job.dateFinished),
    status: job.code,
    statusText: statusText(job.code),
    environment: job.environment,
    algorithmLogUrl: log ? resultUrl(log.index) : null,
    // Logs have a member of their own, and `results` names all.
    resultsUrls: job.results.filter(({ type }) => type === 'output').map(({ index }) => resultUrl(index)),
    results: [...job.results],
    ...(job.resultsOmitted ? { resultsOmitted: job.resultsOmitted } : {}),
    resultsDid: job.resultsDid,
    inputDID: [...job.inputDids],
    algoDID: job.algoDid,
    stopreq: job.stopreq,
    removed: job.removed,
    expireTimestamp: job.expiresAt === null ? null : date(job.expiresAt),
    terminationDetails: job.termination,
    queue: job.code === 1 ? queue(job) : held(job),
  };
}
