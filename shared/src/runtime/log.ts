/** Structured logs: one JSON line an effect on stdout, with `jobId` and `run` wherever there is a job. */
import { pino, type Logger } from 'pino';
import { createRedact } from './redact.ts';

export type Log = Logger;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** `secrets` are hidden wherever they stand, in causes of errors as well. */
export function createLog(service: string, level: LogLevel, secrets: readonly string[] = []): Log {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err },
      hooks: { streamWrite: createRedact(secrets) },
    },
    // Asynchronously, pino tries for ever to flush at the exit what nobody reads any more: the process could never end.
    pino.destination({ fd: process.stdout.fd, sync: true }),
  );
}
