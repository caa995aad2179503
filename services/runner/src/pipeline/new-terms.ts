/** What a run that begins is to have, PURE. */
import type { JobSpec } from '@capstan/shared/contract/job';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Terms } from '../docker/names.ts';
import { grantTo, uidOf, type JobLimits } from '../environments/limits.ts';

interface Beginning {
  readonly node: string;
  readonly jobId: JobId;
  readonly limits: JobLimits;
  readonly gpus: readonly string[];
  readonly isFiltered: boolean;
  readonly spec: JobSpec;
  /** Of a container that is there already. */
  readonly made: Terms | undefined;
}

export function newTerms({ node, jobId, limits, gpus, isFiltered, spec, made }: Beginning): Terms {
  const { resources, maxDurationS, networkAccess, output } = spec;
  // A container that is there keeps its user, and the files have to be that user's.
  const uid = made ? (made.grant?.uid ?? limits.uid) : uidOf(limits, node, jobId);
  return {
    node,
    grant: { ...grantTo(limits, { resources, paidS: maxDurationS, networkAccess, gpus }), uid },
    ...(isFiltered ? { isFiltered: true } : {}),
    ...(output?.encryptTo === undefined ? {} : { encryptTo: output.encryptTo }),
  };
}
