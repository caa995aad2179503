/** Names and labels of what a job has in the engine, PURE. They follow from the job, so that a restarted runner finds it all again. */
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { parseJobId } from '@capstan/shared/contract/ids';
import type { Labels } from './labels.ts';
import { grantText, parseGrant, type Grant } from './grant.ts';

/** Who a runner is. */
export interface RunnerIdentity {
  /** On NATS. */
  readonly id: string;
  /** Ids that it had before: what was said in their name is its own word. */
  readonly former: readonly string[];
  /** Of the data folder, in names and labels in the engine. */
  readonly node: string;
  /** Ids under which an earlier release may have made things for this data folder; those carry no node. */
  readonly unmarked: readonly string[];
}

/** What a run was begun under: a runner that finds its containers again has no command to read it from. */
export interface Terms {
  /** The mark of whose data folder it is, as names and labels have it; absent in what releases before it made. */
  readonly node?: string;
  /** What the job was given. */
  readonly grant?: Grant;
  /** Its outputs go through the filter of its environment. */
  readonly isFiltered?: true;
  /** Public key that its results are encrypted to, hex. */
  readonly encryptTo?: string;
}

export interface AttemptIdentity extends Terms {
  /** Of the runner that began it, which may have had another id. */
  readonly runnerId: string;
  readonly environment: EnvironmentId;
  readonly jobId: JobId;
  readonly run: number;
  readonly attempt: number;
}

export const LABELS = {
  node: 'capstan.node',
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
  readonly volumes: Readonly<Record<'data' | 'inputs' | 'outputs' | 'logs' | 'scratch' | 'etc' | 'egress', string>>;
  /** Of a job with a filter. */
  readonly filterVolumes: Readonly<Record<'own' | 'etc', string>>;
  /** Of one that the release before provisioned. */
  readonly volumesOfBefore: Readonly<Record<'in' | 'beside', string>>;
  /** In place of a volume that the image wants; `sharedCover` holds what is the node's as well, and `inputCover` is one that the algorithm can't write. */
  readonly cover: (index: number) => string;
  readonly sharedCover: (index: number) => string;
  readonly inputCover: (index: number) => string;
  /** In place of one that the image of the filter wants. */
  readonly filterCover: (index: number) => string;
}

/** What names follow from. */
export type Named = Pick<AttemptIdentity, 'node' | 'jobId' | 'run' | 'attempt'>;

export function namesOf({ node, jobId, run, attempt }: Named): AttemptNames {
  const base = ['capstan', jobId, run, attempt, ...(node === undefined ? [] : [node])].join('-');
  return {
    algorithm: base,
    filter: `${base}-filter`,
    files: `${base}-files`,
    network: { relay: `${base}-relay`, proxy: `${base}-proxy`, addresses: `${base}-addresses` },
    outside: `${base}-outside`,
    volumes: {
      data: `${base}-data`,
      inputs: `${base}-inputs`,
      outputs: `${base}-outputs`,
      logs: `${base}-logs`,
      scratch: `${base}-scratch`,
      etc: `${base}-etc`,
      egress: `${base}-egress`,
    },
    filterVolumes: { own: `${base}-filter-own`, etc: `${base}-filter-etc` },
    volumesOfBefore: { in: `${base}-in`, beside: `${base}-beside` },
    cover: (index) => `${base}-v${index}`,
    sharedCover: (index) => `${base}-s${index}`,
    inputCover: (index) => `${base}-i${index}`,
    filterCover: (index) => `${base}-f${index}`,
  };
}

/** Whether a volume of an attempt is one that its algorithm may write; in what the release before made, `beside` too. */
export const isWritable = (volume: string) => /-(data|outputs|logs|scratch|beside|[sv]\d+)$/.test(volume);
/** The same of the filter, whose image may want volumes of its own; what the algorithm has left lies there as well. */
export const isWritableByFilter = (volume: string) => isWritable(volume) || /-(filter-own|f\d+)$/.test(volume);
/** Whether the node has put something there as well, under another user: what the algorithm is made of is not what it has written. */
export const holdsOurs = (volume: string) => /-(data|filter-own|beside|s\d+)$/.test(volume);

/** Labels that say what a container is for. */
export type PhaseLabels<P extends Phase> = Labels & { readonly [LABELS.phase]?: P };

/** All that one attempt has carries these. */
export const labelsOfAttempt = ({ node, runnerId, jobId, run, attempt }: AttemptIdentity): Labels => ({
  ...(node === undefined ? { [LABELS.runner]: runnerId } : { [LABELS.node]: node }),
  [LABELS.job]: jobId,
  [LABELS.run]: String(run),
  [LABELS.attempt]: String(attempt),
});

export function labelsOf<P extends Phase>(identity: AttemptIdentity, phase: P): PhaseLabels<P> {
  return {
    ...(identity.node === undefined ? {} : { [LABELS.node]: identity.node }),
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

export function termsOf({ node, grant, isFiltered, encryptTo }: Terms): Terms {
  return {
    ...(node === undefined ? {} : { node }),
    ...(grant === undefined ? {} : { grant }),
    ...(isFiltered ? { isFiltered } : {}),
    ...(encryptTo === undefined ? {} : { encryptTo }),
  };
}

function termsOfLabels(labels: Labels): Terms {
  const grant = parseGrant(labels[LABELS.grant]);
  const node = labels[LABELS.node];
  // Empty is what an image's label of that name was made: not ours.
  const encryptTo = labels[LABELS.encryptTo];
  return {
    ...(node ? { node } : {}),
    ...(grant === undefined ? {} : { grant }),
    ...(labels[LABELS.filtered] ? { isFiltered: true } : {}),
    ...(encryptTo ? { encryptTo } : {}),
  };
}

const isCount = (value: number) => Number.isInteger(value) && value > 0;
