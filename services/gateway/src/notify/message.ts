/** What a receiver is told and how it is signed, PURE. */
import type { Termination } from '@capstan/shared/contract/job';
import { statusText, type StatusCode } from '@capstan/shared/contract/status';

export interface Told {
  readonly jobId: string;
  readonly run: number;
  readonly code: StatusCode;
  /** Unix milliseconds. */
  readonly at: number;
  readonly details: { readonly termination?: Termination };
}

/** Who it is for stands in it, and so is signed: one receiver can't play it to another. `started` and `ended` come once each for a run, the same one perhaps again. */
export function bodyOf({ jobId, run, code, at, details }: Told, receiver: string): string {
  return JSON.stringify({
    receiver,
    event: code === 10 ? 'started' : 'ended',
    jobId,
    run,
    status: code,
    statusText: statusText(code),
    at: at / 1_000,
    ...(details.termination ? { terminationDetails: details.termination } : {}),
  });
}

/** The timestamp is signed along, so that a receiver can tell what was recorded and is played again. */
export const signedText = (timestampS: number, body: string) => `${timestampS}.${body}`;

const FIRST_DELAY_MS = 2_000;
const LONGEST_DELAY_MS = 3_600_000;

/** How long to wait after this many tries. */
export const delayAfter = (tries: number) => Math.min(FIRST_DELAY_MS * 2 ** (tries - 1), LONGEST_DELAY_MS);
