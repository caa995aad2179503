/** What the bus is run on: a real server, and the one of the simulation. */
import { createBus, type Bus } from '@capstan/shared/bus/connect';
import { aBroker, log } from '../../integration/bus/a-broker.ts';
import { insideSimulation } from '../../simulation/inside.ts';
import { dialler } from '../../simulation/nats/client.ts';
import { createNatsServer } from '../../simulation/nats/server.ts';

export interface Broker {
  connectedBus(): Promise<Bus>;
  /** Away and back: as after a crash, or with its disk lost. */
  restart(options: { readonly isWiped: boolean }): Promise<void>;
  stop(): Promise<void>;
  /** Aborts when the test is over. */
  readonly signal: AbortSignal;
}

export type WithBroker = (test: (broker: Broker) => Promise<void>) => Promise<void>;

const onNatsServer: WithBroker = async (test) => {
  await using broker = await aBroker();
  await test(broker);
};

const ENDING_MS = 20;

const inSimulation: WithBroker = (test) =>
  insideSimulation(async ({ world, process }) => {
    const server = createNatsServer(world);
    const network = { world, server, isReachable: () => true, latencyMs: () => 1, lossOfAcks: () => 0 };
    const over = new AbortController();
    const fall = async (isWiped: boolean) => {
      // Ending a server takes a while: what was sent to it before, it has.
      await new Promise<void>((resolve) => void process.after(ENDING_MS, resolve));
      server.fall({ kind: isWiped ? 'everything' : 'nothing' });
    };
    await test({
      signal: over.signal,
      async connectedBus() {
        const bus = createBus({
          nats: { servers: ['simulated'] },
          name: 'test',
          log,
          dial: dialler(network, process),
          makes: { environments: () => [] },
        });
        await bus.start();
        await bus.connected(over.signal);
        return bus;
      },
      async restart({ isWiped }) {
        await fall(isWiped);
        server.rise();
      },
      stop: () => fall(false),
    });
    over.abort();
  });

export const BROKERS: Readonly<Record<string, WithBroker>> = {
  'a NATS server': onNatsServer,
  'the server of the simulation': inSimulation,
};
