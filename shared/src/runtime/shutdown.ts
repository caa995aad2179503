/** Turns SIGTERM and SIGINT into a graceful stop, and a second one into an immediate exit. */
import { CapstanError } from '../contract/errors.ts';
import type { Log } from './log.ts';
import type { Service } from './service.ts';

/** Something that the process can't be without: if it can't be had, one line says why, and the process exits with 1. */
export function orExit<T>(work: () => T, log: Log): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CapstanError)) throw error;
    log.error({ code: error.code }, error.message);
    process.exit(1);
  }
}

/** Likewise of what takes time. */
export async function orExitAfter<T>(work: () => Promise<T>, log: Log): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CapstanError)) throw error;
    log.error({ code: error.code }, error.message);
    process.exit(1);
  }
}

/**
 * Starts `service`, stops it on a signal and exits: 0 after a clean stop, 1 after a failed start or stop, or if `broken` says that it
 * can't go on.
 */
export async function runUntilSignal(service: Service, log: Log, broken?: Promise<CapstanError>): Promise<void> {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) {
      log.warn({ signal }, 'second signal, exiting at once');
      process.exit(1);
    }
    isStopping = true;
    log.info({ signal }, 'stopping');
    service.stop().then(
      () => {
        log.info('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  void broken?.then(async (error) => {
    if (isStopping) return;
    isStopping = true;
    log.error({ code: error.code }, error.message);
    await service.stop().catch((failure: unknown) => log.error({ err: failure }, 'stopping failed'));
    process.exit(1);
  });
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    await service.start();
  } catch (error) {
    // A start that a signal broke off has not failed: the stop decides how the process ends.
    if (isStopping) return;
    // What a person can act on needs no stack.
    if (error instanceof CapstanError) log.error({ code: error.code }, error.message);
    else log.error({ err: error }, 'could not start');
    process.exit(1);
  }
}
