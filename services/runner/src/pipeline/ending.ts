/** How a run ends, PURE: from what happened to the code and the sentence that a consumer reads. */
import { constants } from 'node:os';
import type { Termination } from '@capstan/shared/contract/job';
import type { EndingCode, StatusCode } from '@capstan/shared/contract/status';
import { statusRow } from '@capstan/shared/contract/status';
import type { ErrorCode } from '@capstan/shared/errors';
import type { Grant } from '../docker/grant.ts';
import type { Exit } from '../docker/engine.ts';

export interface Ending {
  readonly code: EndingCode;
  readonly termination: Termination;
}

/** Why the algorithm does not run any more. */
export interface Outcome {
  readonly exit: Exit;
  readonly because: 'exit' | 'stop' | 'time' | 'disk';
  /** What it had written when that was too much. */
  readonly usedBytes?: number;
}

export interface EndingLimits {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly maxDurationS: number;
  readonly limitedBy: Grant['limitedBy'];
}

/** Whose limit it was. */
const LIMIT_OF = {
  environment: 'the limit of this environment',
  job: 'what the job asked for',
  orders: 'the limit of this job: its order pays for no more',
} as const satisfies Readonly<Record<Grant['limitedBy']['duration'], string>>;

const GB = 1_000_000_000;

/** `exceeded` is the sentence about outputs that went beyond their limit. */
export function endingOf(outcome: Outcome, exceeded: string | undefined, limits: EndingLimits): Ending {
  const { exitCode, isOutOfMemory } = outcome.exit;
  const { limitedBy } = limits;
  const signal = signalOf(exitCode);
  const end = (code: EndingCode, reason: string): Ending => ({
    code,
    termination: { exitCode, signal, OOMKilled: isOutOfMemory, reason },
  });
  if (outcome.because === 'stop') return end(7, 'The job was stopped on request.');
  if (outcome.because === 'time') {
    return end(43, `The algorithm ran longer than ${limits.maxDurationS} seconds, ${LIMIT_OF[limitedBy.duration]}.`);
  }
  if (outcome.because === 'disk') return end(42, `${wroteTooMuch(outcome.usedBytes, limits)} It was stopped.`);
  if (isOutOfMemory && exitCode !== 0) {
    return end(
      41,
      `The algorithm used more memory than ${inGB(limits.memoryBytes)} GB, ${LIMIT_OF[limitedBy.memory]}, and was killed.`,
    );
  }
  if (exceeded !== undefined) return end(42, exceeded);
  if (signal) return end(41, `The algorithm was ended by ${signal} (exit code ${exitCode}).`);
  if (exitCode !== 0) return end(41, `The algorithm exited with code ${exitCode}.`);
  return end(70, 'The algorithm exited with code 0.');
}

function wroteTooMuch(usedBytes = 0, { diskBytes, limitedBy }: EndingLimits): string {
  const used = Number.isFinite(usedBytes)
    ? `${inGB(usedBytes)} GB`
    : 'folders that are nested too deeply to be measured';
  return `The job wrote ${used}, and ${inGB(diskBytes)} GB are ${LIMIT_OF[limitedBy.disk]}.`;
}

const inGB = (bytes: number) => Number((bytes / GB).toPrecision(3));

/** The filter did not let the outputs pass, whatever the algorithm did before. */
export function endingWithheld(outcome: Outcome, limits: EndingLimits): Ending {
  const { termination } = endingOf(outcome, undefined, limits);
  const reason = `${termination.reason} The filter of this environment failed, so the outputs are withheld.`;
  return { code: 51, termination: { ...termination, reason } };
}

/** An ending without an exit of the algorithm. */
export function endingWithout(code: EndingCode, reason: string): Ending {
  return { code, termination: { exitCode: null, signal: null, OOMKilled: false, reason } };
}

const CODES: Partial<Readonly<Record<ErrorCode, EndingCode>>> = {
  IMAGE_UNAVAILABLE: 11,
  VOLUME_REFUSED: 21,
  CONTAINER_REFUSED: 22,
  GPUS_REFUSED: 22,
  DATA_UNAVAILABLE: 31,
  ALGORITHM_UNAVAILABLE: 32,
  START_REFUSED: 41,
  FILTER_UNAVAILABLE: 51,
  OUTPUTS_UNREADABLE: 61,
  RESULTS_UNWRITABLE: 62,
};

/** The ending of a run whose step failed, after it had come as far as `from`. */
export function endingOfFailure(code: ErrorCode | undefined, from: StatusCode): EndingCode {
  const ending = code === undefined ? undefined : CODES[code];
  const isReachable = (candidate: EndingCode) => statusRow(from).rank <= (statusRow(candidate).endsFromRank ?? 0);
  if (ending !== undefined && isReachable(ending)) return ending;
  return isReachable(22) ? 22 : 61;
}

/** Shells and inits give 128 and the number of the signal. */
function signalOf(exitCode: number): string | null {
  const found = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128);
  return exitCode > 128 && found ? found[0] : null;
}
