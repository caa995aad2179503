/** Docker's answers in our words: each call has its limit, and what a status means is said beside the call. */
import { CapstanError, messageOf, type ErrorCode } from '@capstan/shared/errors';
import { pullRefusal } from './pull-refusal.ts';

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
  new CapstanError('ENGINE_UNAVAILABLE', `The container engine does not answer: ${messageOf(cause)}`, { cause });

/** Of a pull: the reason alone, for a sentence that names the image. */
export const pullFailed: Translate = (cause) => {
  const { reason, mayPass } = pullRefusal(messageOf(cause));
  return new CapstanError(mayPass ? 'FETCH_INTERRUPTED' : 'IMAGE_UNAVAILABLE', reason, { cause });
};

/** What a consumer reads. Docker's own words go with it only where they are about the job; elsewhere they name paths of the host. */
const REFUSALS = {
  IMAGE_UNAVAILABLE: (text: string) => text,
  GPUS_REFUSED: (text: string) => `The container engine could not give the job its GPUs: ${text}`,
  START_REFUSED: (text: string) => `The algorithm could not be started: ${text}`,
  VOLUME_REFUSED: () => 'The container engine refused to create a volume.',
  CONTAINER_REFUSED: () => 'The container engine refused to create or fill a container.',
  OUTPUTS_UNREADABLE: () => 'The container engine could not read the outputs.',
} as const satisfies Partial<Record<ErrorCode, (text: string) => string>>;

export const refused =
  (code: keyof typeof REFUSALS): Translate =>
  (error) => {
    const text = messageOf(error)
      .replace(/^\(HTTP code \d+\) [^-]*- /, '')
      .trim();
    return new CapstanError(code, REFUSALS[code](text), { cause: error });
  };

/** A call with a time limit, under the caller's signal, with Docker's answers translated. */
export async function call<T>(
  work: (abortSignal: AbortSignal) => Promise<T>,
  { signal, limitMs, errors = {}, other = unavailable }: CallOptions,
): Promise<T> {
  signal.throwIfAborted();
  const abortSignal = limitMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  try {
    return await work(abortSignal);
  } catch (error) {
    signal.throwIfAborted();
    const status = statusOf(error);
    // Without a status nobody answered; 503 is an engine that is shutting down.
    if (status === undefined || status === 503) throw unavailable(error);
    throw (errors[status] ?? other)(error);
  }
}

/** For calls that dockerode can't abort. */
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
