/** A bus without NATS, for unit tests of what must work without it. */
import type { Bus } from '@capstan/shared/bus/connect';
import { CapstanError } from '@capstan/shared/contract/errors';

export function absentBus(maxPayloadBytes?: number): Bus {
  const unavailable = () => {
    throw new CapstanError('BUS_UNAVAILABLE', 'There is no NATS in this test.');
  };
  return {
    name: 'no nats',
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    isConnected: () => false,
    maxPayloadBytes: () => maxPayloadBytes,
    onConnected: () => () => undefined,
    jetStream: unavailable,
    connection: unavailable,
    administer: () => Promise.reject(new Error('there is no broker')),
    connected: (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
      ),
  };
}
