/** Docker's answers in our words: each call has its limit, and what a status means is said beside the call. */
import { CapstanError, messageOf, type ErrorCode } from '@capstan/shared/contract/errors';
import { limited } from '@capstan/shared/runtime/limited';
import { pullRefusal } from './pull-refusal.ts';
import { startProblem } from './start-problem.ts';

/** Of a call that looks at something. */
export const LOOK_MS = 15_000;
/** Of one that changes something: an engine under load takes its time. */
export const CHANGE_MS = 120_000;

export type Translate = (error: unknown) => CapstanError;

export interface CallOptions {
  readonly signal: AbortSignal;
  /** Absent for what takes as long as it takes. */
  readonly limitMs?: number;
  /** What an HTTP status means for this call. */
  readonly errors?: Readonly<Record<number, Translate>>;
  /** What any other refusal means; unknown, so unavailable, if absent. */
  readonly other?: Translate;
}

export const unavailable: Translate = (cause) =>
  new CapstanError(
    'ENGINE_UNAVAILABLE',
    `The container engine ${statusOf(cause) === undefined ? 'does not answer' : 'fails'}: ${messageOf(cause)}`,
    { cause },
  );

/** It answered, and will not: to ask on and on changes nothing. Its reason is for the operator. */
export const wontClear: Translate = (cause) =>
  new CapstanError('ENGINE_REFUSED', `The container engine does not let it go: ${messageOf(cause)}`, { cause });

/** Of a pull: the reason alone, for a sentence that names the image. */
export const pullFailed: Translate = (cause) => {
  const { reason, mayPass } = pullRefusal(messageOf(cause));
  return new CapstanError(mayPass ? 'FETCH_INTERRUPTED' : 'IMAGE_UNAVAILABLE', reason, { cause });
};

/** What a consumer reads. Docker's own words name paths of the host: they are for the operator's log, as the cause. */
const REFUSALS = {
  GPUS_REFUSED: (text) => `The container engine could not give the job its GPUs${startProblem(text)}.`,
  START_REFUSED: (text) => `The algorithm could not be started${startProblem(text)}.`,
  VOLUME_REFUSED: () => 'The container engine refused to create a volume.',
  CONTAINER_REFUSED: () => 'The container engine refused to create or fill a container.',
  OUTPUTS_UNREADABLE: () => 'The container engine could not read the outputs.',
} as const satisfies Partial<Record<ErrorCode, (text: string) => string>>;

/**
 * What passes by itself when a job ends or somebody makes room. Engines know no codes for it. Their texts quote what images say, such as
 * a working folder of that very name: the lack itself is what a text ends with.
 */
const NO_SPACE = 'no space, or no inodes, on its disk';
const FULL: readonly (readonly [RegExp, string])[] = [
  [/(?:^|[:-] )no space left on device(?:: unknown)?[.]?\s*$/i, NO_SPACE],
  [
    /(?:non-overlapping (?:IPv4 )?address pool among the defaults to assign to the network|predefined address pools have been fully subscribed|exchange full|no available network)(?:: unknown)?[.]?\s*$/i,
    'no network left',
  ],
];

/** Or, where making it needs room that there may be later, ENGINE_FULL. */
export const refusedUnlessFull =
  (code: keyof typeof REFUSALS): Translate =>
  (error) => {
    const lack = lackIn(error);
    if (lack === undefined) return refused(code)(error);
    return new CapstanError('ENGINE_FULL', isLacking(lack), { cause: error });
  };

/** What a job brings may need more than there is: DISK_FILLED where it did. */
export const failedUnlessFilled =
  (failed: Translate): Translate =>
  (error) =>
    lackIn(error) === NO_SPACE ? diskFilled(failed(error)) : failed(error);

export const diskFilled = (failure: CapstanError): CapstanError =>
  new CapstanError('DISK_FILLED', isLacking(NO_SPACE), { cause: failure });

const lackIn = (error: unknown) => FULL.find(([pattern]) => pattern.test(messageOf(error)))?.[1];

const isLacking = (lack: string) =>
  `The container engine of the node has ${lack} for another job. It begins when there is some again.`;

export const refused =
  (code: keyof typeof REFUSALS): Translate =>
  (error) => {
    return new CapstanError(code, REFUSALS[code](messageOf(error)), { cause: error });
  };

/** A call with a time limit, under the caller's signal, with Docker's answers translated. */
export async function call<T>(
  work: (abortSignal: AbortSignal) => Promise<T>,
  { signal, limitMs, errors = {}, other = unavailable }: CallOptions,
): Promise<T> {
  signal.throwIfAborted();
  using limit = limitMs === undefined ? undefined : limited(limitMs, signal);
  try {
    return await work(limit?.signal ?? signal);
  } catch (error) {
    signal.throwIfAborted();
    const status = statusOf(error);
    // Without a status nobody answered; 503 is an engine that is shutting down.
    if (status === undefined || status === 503) throw unavailable(error);
    throw (errors[status] ?? other)(error);
  }
}

/** For what goes on for others, too, and can't be aborted. */
export function within<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([answer, aborted]);
}

/** Undefined where the answer has one of these statuses, which are as good as success. */
export async function unless<T>(statuses: readonly number[], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const status = statusOf(error);
    if (status !== undefined && statuses.includes(status)) return undefined;
    throw error;
  }
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown }).statusCode;
  return typeof status === 'number' ? status : undefined;
}
