/** Whose log is asked for: it is the owner's alone. */
import type { LogQuery } from '@capstan/shared/contract/log-query';
import { logMessage } from '../auth/message.ts';
import type { Source } from '../auth/identify.ts';
import type { Logs, OpenLog } from './log.ts';
import type { Reading } from '../auth/reading.ts';

export type LogRequest = Pick<LogQuery, 'consumerAddress' | 'nonce' | 'signature' | 'jobId'>;

/** Rejects with INVALID_SIGNATURE, and with what `Logs.open` throws. */
export type OpenOwnLog = (request: LogRequest, source: Source) => Promise<OpenLog>;

interface LogAccessOptions {
  readonly logs: Logs;
  readonly reading: Reading;
}

export function createOpenOwnLog({ logs, reading }: LogAccessOptions): OpenOwnLog {
  return (request, { proof, network }) => {
    const { consumerAddress, jobId } = request;
    return reading({
      jobId,
      credentials: request,
      proof,
      network,
      signing: { purpose: 'log', text: (nonce) => logMessage({ consumerAddress, jobId, nonce }) },
      open: (caller) => logs.open(caller, jobId),
    });
  };
}
