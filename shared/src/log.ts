/** Structured logs: one JSON line an effect on stdout, with `jobId` and `run` wherever there is a job. */
import { pino, type Logger } from 'pino';

export type Log = Logger;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export function createLog(service: string, level: LogLevel): Log {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err },
    },
    // Asynchronously, pino tries for ever to flush at the exit what nobody reads any more: the process could never end.
    pino.destination({ fd: process.stdout.fd, sync: true }),
  );
}
