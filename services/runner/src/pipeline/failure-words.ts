/** What is said of a failure, PURE: to the consumer, and behind that to the operator. */
import { messageOf, type CapstanError } from '@capstan/shared/contract/errors';

/** What an engine said; of a source of data it could hold the address, which is nobody's business. */
export function causeOf({ code, cause }: CapstanError): string | undefined {
  const isAboutData = code === 'DATA_UNAVAILABLE' || code === 'ALGORITHM_UNAVAILABLE';
  return cause === undefined || isAboutData ? undefined : messageOf(cause);
}

export function asSentence(text: string): string {
  const sentence = text.trim().replace(/^./, (first) => first.toUpperCase());
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** Of an algorithm whose container the engine does not tell of. */
export const UNTOLD =
  'The container engine does not say how the container of the algorithm is, so nobody knows whether it ran.';
