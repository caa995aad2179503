/** The contract of every long-lived part. */
import { messageOf } from '../contract/errors.ts';

export interface Service {
  readonly name: string;
  start(): Promise<void>;
  /** Harmless when repeated, and before a start. */
  stop(): Promise<void>;
}

/**
 * Starts parts in order; if one fails, stops the ones before it and fails with its error. Stopping goes in reverse, and a part that
 * does not stop keeps none of the others from it. A group that is stopped while it starts leaves nothing running.
 */
export function serviceGroup(services: readonly Service[]): Service {
  let running: Service[] = [];
  let isWanted = false;
  const stop = async () => {
    isWanted = false;
    const stopping = running.toReversed();
    running = [];
    const failures: Error[] = [];
    for (const service of stopping) {
      try {
        await service.stop();
      } catch (error) {
        failures.push(new Error(`${service.name}: ${messageOf(error)}`, { cause: error }));
      }
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, `These parts did not stop: ${failures.map(messageOf).join('; ')}`);
    }
  };
  return {
    name: services.map((service) => service.name).join(', '),
    async start() {
      isWanted = true;
      for (const service of services) {
        try {
          await service.start();
        } catch (error) {
          // That a part could not start is what a person must know; what then went wrong in stopping follows from it.
          await stop().catch(() => undefined);
          throw error;
        }
        running.push(service);
        if (!isWanted) return stop();
      }
    },
    stop,
  };
}
