/**
 * Jobs as clients get them that ask for `detail: "row"`, PURE. Lists of results make frames large, and are of use once: they come with the
 * end of a run, and where a job is named. Fields that are left out are empty, so that a job has the same shape wherever it is told.
 */
import type { StatusObject } from '@capstan/shared/contract/api';
import { isEnding, type StatusCode } from '@capstan/shared/contract/status';

/** The job of an event: its results come with the event that ended the run. */
export function smallOf(job: StatusObject, code: StatusCode): StatusObject {
  return isEnding(code) ? job : withoutResults(job);
}

/** A job of many: what a line of a list shows. */
export function rowOf(job: StatusObject): StatusObject {
  return { ...withoutResults(job), did: '', agreementId: '', inputDID: [], algoDID: '' };
}

function withoutResults(job: StatusObject): StatusObject {
  const omitted = job.results.length + (job.resultsOmitted ?? 0);
  return { ...job, results: [], resultsUrls: [], ...(omitted > 0 ? { resultsOmitted: omitted } : {}) };
}
