/** What is wrong, as a socket says it: the frame before its end, and how it closes. */
import { CLOSE, type SubscribeFrame } from '@capstan/shared/contract/socket';
import { CapstanError, ERRORS } from '@capstan/shared/contract/errors';
import type { TokenEnd } from '../auth/token-watch.ts';
import type { SlowAt } from './outlet.ts';

export interface Failure {
  readonly close: number;
  readonly code: string;
  readonly message: string;
  readonly subscription?: string | undefined;
  readonly cursor?: number | undefined;
}

export const INTERNAL: Failure = {
  close: CLOSE.internal,
  code: 'INTERNAL',
  message: 'Something went wrong in the node. Its log says what.',
};

/** The client, and not the node, has something to mend. */
export function isRefusal({ code }: CapstanError): boolean {
  const { status } = ERRORS[code];
  return code === 'LOG_UNAVAILABLE' || (status < 500 && status !== 429);
}

/** In the words of this frame: REST has other names for its fields. */
export function cannotSelect({ jobs, jobId, owner, consumerAddress, documentId }: SubscribeFrame): CapstanError {
  const isNothing = [jobs, jobId, owner, consumerAddress, documentId].every((part) => part === undefined);
  return new CapstanError(
    'BAD_FRAME',
    isNothing
      ? 'Say which jobs: at least one of jobs, owner and documentId. For operators, environment or all will do.'
      : 'This node shows statuses to the owner of the jobs only: authenticate first, or send consumerAddress, nonce and signature (over a text: a frame cannot hold a typed one).',
  );
}

export const badFrame = (message: string): Failure => ({ close: CLOSE.badFrame, code: 'BAD_FRAME', message });

export const tokenEnded = (end: TokenEnd): Failure => ({
  close: CLOSE.unauthorized,
  code: 'TOKEN_ENDED',
  message: end === 'expired' ? 'The token has expired.' : 'The token was taken back.',
});

export const tooMany = (message: string): Failure => ({ close: CLOSE.tooMany, code: 'TOO_MANY', message });

export function tooSlow(at: SlowAt | undefined): Failure {
  const resume = at ? `subscribe again from ${at.cursor}, up to where all was sent` : 'subscribe again';
  return {
    close: CLOSE.tooSlow,
    code: 'TOO_SLOW',
    message: `You have read nothing for too long. Connect again and ${resume}.`,
    ...at,
  };
}

export function failureOf(error: CapstanError): Failure {
  const { code } = error;
  const { status } = ERRORS[code];
  const { fields = {}, detail } = error.facts;
  const message = Object.values(fields)[0]?.[0] ?? detail ?? error.message;
  if (status === 401) return { close: CLOSE.unauthorized, code, message };
  if (status === 429) return { close: CLOSE.tooMany, code, message };
  return { close: status >= 500 ? CLOSE.tryLater : CLOSE.badFrame, code, message };
}
