/** Commands in hand are kept alive: JetStream would deliver them to another runner otherwise. */
import type { Bus } from '@capstan/shared/bus/connect';
import type { RunRegistry } from './run-registry.ts';

/** Often enough that no command is delivered again while its runner lives. */
const HEARTBEAT_MS = 800;

interface KeepAlive {
  start(): void;
  stop(): void;
}

export function createKeepAlive({ bus, runs }: { readonly bus: Bus; readonly runs: RunRegistry }): KeepAlive {
  let heartbeat: NodeJS.Timeout | undefined;
  let forgetBus: (() => void) | undefined;

  const say = () => {
    if (!bus.isConnected()) return;
    for (const { deliveries } of runs.all())
      for (const message of [...deliveries.messages, ...deliveries.successors]) message.working();
  };

  /** Deliveries of a stream that is gone: acking them could ack others in the new one, which counts from 1 again. */
  const dropStale = () => {
    for (const { deliveries } of runs.all()) {
      deliveries.messages = [];
      deliveries.successors = [];
    }
  };

  return {
    start() {
      heartbeat = setInterval(say, HEARTBEAT_MS);
      forgetBus = bus.onConnected(({ isFresh }) => {
        if (isFresh) dropStale();
      });
    },
    stop() {
      clearInterval(heartbeat);
      forgetBus?.();
    },
  };
}
