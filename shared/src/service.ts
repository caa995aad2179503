/** The contract of every long-lived part. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  /** Harmless when repeated, and before a start. */
  stop(): Promise<void>;
}

/** Starts parts in order; if one fails, stops the ones before it and throws. Stopping goes in reverse. */
export function serviceGroup(services: readonly Service[]): Service {
  let started: Service[] = [];
  const stop = async () => {
    const running = started.toReversed();
    started = [];
    for (const service of running) await service.stop();
  };
  return {
    name: services.map((service) => service.name).join(', '),
    async start() {
      for (const service of services) {
        try {
          await service.start();
          started.push(service);
        } catch (error) {
          await stop();
          throw error;
        }
      }
    },
    stop,
  };
}
