/** POSTs to addresses that strangers name: only to public ones, without following anybody, without reading what comes back. */
import { request } from 'undici';
import { deadline } from '@capstan/shared/runtime/deadline';
import type { Config } from '@capstan/shared/config/schema';
import { CapstanError, hasCode, messageOf } from '@capstan/shared/contract/errors';
import { createAddressRule, createGuardedAgent } from '@capstan/shared/net/ssrf-guard';

export interface Post {
  /** Resolves to undefined if it was taken, else to what speaks against it, without the address. */
  send(
    url: string,
    message: { body: string; headers: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<string | undefined>;
  close(): Promise<void>;
}

/** `deny`: ranges of public addresses that are not to be reached, as `createNotifyProblem` has them. */
export function createPost(
  { allowPrivate, timeoutS }: Pick<Config['gateway']['notify'], 'allowPrivate' | 'timeoutS'>,
  deny: readonly string[],
): Post {
  const timeoutMs = timeoutS * 1_000;
  const isAllowed = createAddressRule(allowPrivate, 'gateway.notify.allowPrivate', { deny });
  const dispatcher = createGuardedAgent({ isAllowed, idleTimeoutMs: timeoutMs });
  return {
    async send(url, { body, headers }, signal) {
      const limited = AbortSignal.any([signal, deadline(timeoutMs)]);
      try {
        const options = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body } as const;
        const answer = await request(url, { ...options, dispatcher, signal: limited });
        answer.body.on('error', () => undefined).destroy();
        return answer.statusCode >= 200 && answer.statusCode < 300 ? undefined : `it answered ${answer.statusCode}`;
      } catch (error) {
        signal.throwIfAborted();
        return problemOf(error);
      }
    },
    close: () => dispatcher.close(),
  };
}

function problemOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof CapstanError ? error.cause : error;
  if (hasCode(cause, 'FETCH_FAILED')) return messageOf(cause);
  return error instanceof Error && error.name === 'TimeoutError'
    ? 'it did not answer in time'
    : 'the connection failed';
}
