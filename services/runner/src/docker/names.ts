/** Names and labels of what a job has in the engine, PURE. They follow from the job, so that a restarted runner finds it all again. */
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { parseJobId } from '@capstan/shared/contract/ids';
import type { Labels } from './engine.ts';

export interface AttemptIdentity {
  readonly runnerId: string;
  readonly environment: EnvironmentId;
  readonly jobId: JobId;
  readonly run: number;
  readonly attempt: number;
  /** What the job's orders pay for, if they bound it: a runner that finds the container again has no command to read it from. */
  readonly maxDurationS?: number;
}

export const LABELS = {
  runner: 'capstan.runner',
  environment: 'capstan.environment',
  job: 'capstan.job',
  run: 'capstan.run',
  attempt: 'capstan.attempt',
  phase: 'capstan.phase',
  maxDurationS: 'capstan.max-duration-s',
} as const;

/** `algorithm` runs; `files` is never started, files go in and come out through it. */
export type Phase = 'algorithm' | 'files';

export interface AttemptNames {
  readonly algorithm: string;
  readonly files: string;
  readonly volumes: { readonly in: string; readonly outputs: string; readonly logs: string };
}

export function namesOf({ jobId, run, attempt }: Pick<AttemptIdentity, 'jobId' | 'run' | 'attempt'>): AttemptNames {
  const base = `capstan-${jobId}-${run}-${attempt}`;
  return {
    algorithm: base,
    files: `${base}-files`,
    volumes: { in: `${base}-in`, outputs: `${base}-outputs`, logs: `${base}-logs` },
  };
}

export function labelsOf(identity: AttemptIdentity, phase: Phase): Labels {
  return {
    [LABELS.runner]: identity.runnerId,
    [LABELS.environment]: identity.environment,
    [LABELS.job]: identity.jobId,
    [LABELS.run]: String(identity.run),
    [LABELS.attempt]: String(identity.attempt),
    [LABELS.phase]: phase,
    ...(identity.maxDurationS === undefined ? {} : { [LABELS.maxDurationS]: String(identity.maxDurationS) }),
  };
}

/** Whose a thing in the engine is; undefined if its labels are none of ours. */
export function identityOf(labels: Labels): AttemptIdentity | undefined {
  const jobId = parseJobId(labels[LABELS.job] ?? '');
  const run = Number(labels[LABELS.run]);
  const attempt = Number(labels[LABELS.attempt]);
  const runnerId = labels[LABELS.runner];
  const environment = labels[LABELS.environment];
  if (!jobId || !runnerId || !environment || !isCount(run) || !isCount(attempt)) return undefined;
  const maxDurationS = Number(labels[LABELS.maxDurationS]);
  return {
    runnerId,
    environment: environment as EnvironmentId,
    jobId,
    run,
    attempt,
    ...(isCount(maxDurationS) ? { maxDurationS } : {}),
  };
}

const isCount = (value: number) => Number.isInteger(value) && value > 0;
