/** Whose log is asked for: it is the owner's alone. */
import type { LogQuery } from '@capstan/shared/contract/log-query';
import type { Authenticate, Credentials } from '../auth/authenticate.ts';
import { logMessage } from '../auth/message.ts';
import { spendNonce } from '../auth/spend-nonce.ts';
import type { Store } from '../store/store.ts';
import type { Logs, OpenLog } from './log.ts';

export type LogRequest = Pick<LogQuery, 'consumerAddress' | 'nonce' | 'signature' | 'jobId'> &
  Pick<Credentials, 'token'>;

/** Rejects with INVALID_SIGNATURE, and with what `Logs.open` throws. */
export type OpenOwnLog = (request: LogRequest) => Promise<OpenLog>;

interface LogAccessOptions {
  readonly store: Store;
  readonly logs: Logs;
  readonly authenticate: Authenticate;
}

export function createOpenOwnLog({ store, logs, authenticate }: LogAccessOptions): OpenOwnLog {
  return async (request) => {
    const { consumerAddress, jobId } = request;
    const caller = await authenticate(request, (nonce) => logMessage({ consumerAddress, jobId, nonce }));
    await store.write(() => spendNonce(store.nonces, caller));
    return logs.open(caller.address, jobId);
  };
}
