/** Names and labels of what a job has in the engine, PURE. They follow from the job, so that a restarted runner finds it all again. */
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { parseJobId } from '@capstan/shared/contract/ids';
import type { Labels } from './engine.ts';
import { grantText, parseGrant, type Grant } from './grant.ts';

/** What a run was begun under: a runner that finds its containers again has no command to read it from. */
export interface Terms {
  /** What the job was given. */
  readonly grant?: Grant;
  /** Its outputs go through the filter of its environment. */
  readonly isFiltered?: true;
  /** Public key that its results are encrypted to, hex. */
  readonly encryptTo?: string;
}

export interface AttemptIdentity extends Terms {
  readonly runnerId: string;
  readonly environment: EnvironmentId;
  readonly jobId: JobId;
  readonly run: number;
  readonly attempt: number;
}

export const LABELS = {
  runner: 'capstan.runner',
  environment: 'capstan.environment',
  job: 'capstan.job',
  run: 'capstan.run',
  attempt: 'capstan.attempt',
  phase: 'capstan.phase',
  grant: 'capstan.grant',
  filtered: 'capstan.filtered',
  encryptTo: 'capstan.encrypt-to',
} as const;

/** `algorithm` runs, and `filter` after it; `files` is never started, files go in and come out through it. */
export type Phase = 'algorithm' | 'filter' | 'files' | NetworkPhase;

/** What a job with a network has besides: `relay` takes its connections, `proxy` judges and makes them, `addresses` names the machine's. */
export type NetworkPhase = 'relay' | 'proxy' | 'addresses';

export interface AttemptNames {
  readonly algorithm: string;
  readonly filter: string;
  readonly files: string;
  readonly network: Readonly<Record<NetworkPhase, string>>;
  /** The network of the proxy. */
  readonly outside: string;
  readonly volumes: { readonly in: string; readonly outputs: string; readonly logs: string; readonly egress: string };
}

export function namesOf({ jobId, run, attempt }: Pick<AttemptIdentity, 'jobId' | 'run' | 'attempt'>): AttemptNames {
  const base = `capstan-${jobId}-${run}-${attempt}`;
  return {
    algorithm: base,
    filter: `${base}-filter`,
    files: `${base}-files`,
    network: { relay: `${base}-relay`, proxy: `${base}-proxy`, addresses: `${base}-addresses` },
    outside: `${base}-outside`,
    volumes: { in: `${base}-in`, outputs: `${base}-outputs`, logs: `${base}-logs`, egress: `${base}-egress` },
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
    ...(identity.grant === undefined ? {} : { [LABELS.grant]: grantText(identity.grant) }),
    ...(identity.isFiltered ? { [LABELS.filtered]: '1' } : {}),
    ...(identity.encryptTo === undefined ? {} : { [LABELS.encryptTo]: identity.encryptTo }),
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
  return {
    runnerId,
    environment: environment as EnvironmentId,
    jobId,
    run,
    attempt,
    ...termsOfLabels(labels),
  };
}

export function termsOf({ grant, isFiltered, encryptTo }: Terms): Terms {
  return {
    ...(grant === undefined ? {} : { grant }),
    ...(isFiltered ? { isFiltered } : {}),
    ...(encryptTo === undefined ? {} : { encryptTo }),
  };
}

function termsOfLabels(labels: Labels): Terms {
  const grant = parseGrant(labels[LABELS.grant]);
  const encryptTo = labels[LABELS.encryptTo];
  return {
    ...(grant === undefined ? {} : { grant }),
    ...(labels[LABELS.filtered] === undefined ? {} : { isFiltered: true }),
    ...(encryptTo === undefined ? {} : { encryptTo }),
  };
}

const isCount = (value: number) => Number.isInteger(value) && value > 0;
