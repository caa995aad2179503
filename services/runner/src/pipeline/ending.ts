/** How a run ends, PURE: from what happened to the code and the sentence that a consumer reads. */
import { constants } from 'node:os';
import { clipped } from '@capstan/shared/contract/clipped';
import type { Termination } from '@capstan/shared/contract/job';
import type { EndingCode, StatusCode } from '@capstan/shared/contract/status';
import { statusRow } from '@capstan/shared/contract/status';
import { counted } from '@capstan/shared/contract/counted';
import type { ErrorCode } from '@capstan/shared/contract/errors';
import { GB } from '@capstan/shared/contract/sizes';
import type { Grant } from '../docker/grant.ts';
import { MAX_OPEN_FILES } from '../docker/open-files.ts';
import type { Exit } from '../docker/ports/containers.ts';
import type { Room } from '../docker/ports/volumes.ts';
import { MAX_ATTEMPTS } from './plan.ts';

export interface Ending {
  readonly code: EndingCode;
  readonly termination: Termination;
}

/** How a container ended; `unknown` if the engine's own end fell into it, `untold` if it answers all else and not this. */
export type KnownExit = Exit | 'unknown' | 'untold';

/** Why the algorithm does not run any more. */
export interface Outcome extends Cause {
  readonly exit: KnownExit;
}

export interface Cause {
  /** `engine`: it has missed how the algorithm exited. */
  readonly because: 'exit' | 'stop' | 'time' | 'disk' | 'log' | 'engine';
  /** What it had written when that was too much. */
  readonly used?: Room;
}

export interface EndingLimits {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly maxFiles: number;
  readonly maxDurationS: number;
  readonly limitedBy: Grant['limitedBy'];
}

/** Whose limit it was. */
const LIMIT_OF = {
  environment: 'the limit of this environment',
  job: 'what the job asked for',
  orders: 'the limit of this job: its order pays for no more',
} as const satisfies Readonly<Record<Grant['limitedBy']['duration'], string>>;

/** As inits and shells tell of SIGKILL. */
const SIGKILLED = 137;

const ENGINE_ENDED =
  'The container engine was stopped or restarted while the algorithm ran, so nobody knows how it would have ended.';

const ENGINE_SILENT = 'The container engine does not say how the algorithm ended.';

export type Missing = 'log' | 'outputs';

/** What became of the outputs. */
export interface Published {
  /** The sentence about those that went beyond their limit. */
  readonly exceeded?: string | undefined;
  /** What the engine could not read. */
  readonly missing?: readonly Missing[];
  /** Those that are no results. */
  readonly skipped?: readonly unknown[];
}

export function endingOf(
  outcome: Outcome,
  { exceeded, missing = [], skipped = [] }: Published,
  limits: EndingLimits,
): Ending {
  const { exitCode, isOutOfMemory } =
    typeof outcome.exit === 'string' ? { exitCode: null, isOutOfMemory: false } : outcome.exit;
  const { limitedBy } = limits;
  const signal = signalOf(exitCode);
  const memory = `${inGB(limits.memoryBytes)} GB, ${LIMIT_OF[limitedBy.memory]}`;
  const isKilled = exitCode === SIGKILLED;
  const isSilent = outcome.exit === 'untold';
  const more = [
    ...(isSilent && outcome.because !== 'exit' ? [` ${ENGINE_SILENT} It may still run.`] : []),
    ...(isOutOfMemory && !isKilled && outcome.because === 'exit'
      ? [` One of its processes used more memory than ${memory}, and was killed.`]
      : []),
    ...(missing.includes('log')
      ? [' The container engine could not read the log to its end: a mark in it says where.']
      : []),
    ...(missing.includes('outputs') ? [' The container engine could not read its outputs, so they are missing.'] : []),
    ...(skipped.length > 0 ? [' Some of what it left is no result: publish.log says which and why.'] : []),
  ].join('');
  const end = (code: EndingCode, reason: string): Ending => ({
    code,
    termination: { exitCode, signal, OOMKilled: isOutOfMemory, reason: reason + more },
  });
  if (outcome.because === 'stop') return end(7, 'The job was stopped on request.');
  if (isSilent && outcome.because === 'exit') return end(missing.includes('outputs') ? 61 : 41, ENGINE_SILENT);
  // Whose time was over is not known either. What it had written was too much before.
  if (outcome.exit === 'unknown' && outcome.because !== 'disk' && outcome.because !== 'log')
    return end(41, `${ENGINE_ENDED} It was begun ${MAX_ATTEMPTS} times.`);
  if (outcome.because === 'time') {
    return end(
      43,
      `The algorithm ran longer than ${counted(limits.maxDurationS, 'second')}, ${LIMIT_OF[limitedBy.duration]}.`,
    );
  }
  if (missing.includes('outputs'))
    return end(61, isSilent ? 'The algorithm was stopped.' : exitSentence(exitCode, signal));
  if (outcome.because === 'log') {
    return end(
      42,
      'The algorithm wrote more than ten times as much to its log as this node keeps of it. It was stopped.',
    );
  }
  if (outcome.because === 'disk') return end(42, `${wroteTooMuch(outcome.used, limits)} It was stopped.`);
  if (isOutOfMemory && isKilled) return end(41, `The algorithm used more memory than ${memory}, and was killed.`);
  if (exceeded !== undefined) return end(42, exceeded);
  return end(exitCode === 0 ? 70 : 41, exitSentence(exitCode, signal));
}

const exitSentence = (exitCode: number | null, signal: string | null) =>
  signal
    ? `The algorithm was ended by ${signal} (exit code ${exitCode}).`
    : `The algorithm exited with code ${exitCode}.`;

function wroteTooMuch(room: Room | undefined, { diskBytes, maxFiles, limitedBy }: EndingLimits): string {
  const { bytes: usedBytes = 0, files = 0, beyond } = room ?? {};
  if (usedBytes <= diskBytes && files <= maxFiles && beyond !== undefined) return BEYOND[beyond];
  if (usedBytes <= diskBytes && files > maxFiles) {
    return `The job made more than ${counted(maxFiles, 'file or folder', 'files and folders')}, the limit of this environment.`;
  }
  const used = Number.isFinite(usedBytes)
    ? `${inGB(usedBytes)} GB`
    : 'folders that are nested too deeply to be measured';
  return `The job wrote ${used}, and ${inGB(diskBytes)} GB are ${LIMIT_OF[limitedBy.disk]}.`;
}

const BEYOND = {
  'open-files': `The processes of the job kept more than ${MAX_OPEN_FILES} files open in all, the limit of this node.`,
  time: 'What the job wrote could not be measured in time: it made too many files, or moved them about too fast.',
} as const satisfies Readonly<Record<NonNullable<Room['beyond']>, string>>;

const inGB = (bytes: number) => Number((bytes / GB).toPrecision(3));

/** The filter did not let the outputs pass, whatever the algorithm did before. */
export function endingWithheld(outcome: Outcome, limits: EndingLimits): Ending {
  const { termination } = endingOf(outcome, {}, limits);
  const reason = `${termination.reason} The filter of this environment failed, so the outputs are withheld.`;
  return { code: 51, termination: { ...termination, reason } };
}

/** An ending without an exit of the algorithm. */
export function endingWithout(code: EndingCode, reason: string): Ending {
  return { code, termination: { exitCode: null, signal: null, OOMKilled: false, reason: clipped(reason) } };
}

export const ENDINGS_OF_ERRORS: Partial<Readonly<Record<ErrorCode, EndingCode>>> = {
  IMAGE_UNAVAILABLE: 11,
  IMAGE_GONE: 22,
  VOLUME_REFUSED: 21,
  CONTAINER_REFUSED: 22,
  GPUS_REFUSED: 22,
  DATA_UNAVAILABLE: 31,
  ALGORITHM_UNAVAILABLE: 32,
  START_REFUSED: 41,
  START_UNKNOWN: 41,
  FILTER_UNAVAILABLE: 51,
  OUTPUTS_UNREADABLE: 61,
  RESULTS_UNWRITABLE: 62,
};

/** The ending of a run whose step failed, after it had come as far as `from`. */
export function endingOfFailure(code: ErrorCode | undefined, from: StatusCode): EndingCode {
  const ending = code === undefined ? undefined : ENDINGS_OF_ERRORS[code];
  const isReachable = (candidate: EndingCode) => statusRow(from).rank <= (statusRow(candidate).endsFromRank ?? 0);
  if (ending !== undefined && isReachable(ending)) return ending;
  return isReachable(22) ? 22 : 61;
}

/** Shells and inits give 128 and the number of the signal. */
function signalOf(exitCode: number | null): string | null {
  if (exitCode === null) return null;
  const found = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128);
  return exitCode > 128 && found ? found[0] : null;
}
