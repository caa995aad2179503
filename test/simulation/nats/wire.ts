/** One connection to the fake NATS server over a network that delays, loses and cuts: the way there, and the way back. */
import type { Process } from '../world/process.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';
import type { NatsServer, Peer } from './server.ts';

export interface Network {
  readonly world: World;
  readonly server: NatsServer;
  /** Whether this process reaches the server at the moment. */
  isReachable(process: Process): boolean;
  /** One way, in milliseconds. */
  latencyMs(random: Random): number;
  /** How often an acknowledgement gets lost on its way. */
  lossOfAcks(): number;
}

/** Connected for as long as it lasts; then `onLost`, and a new one is dialled. */
export interface Wire {
  isOpen(): boolean;
  /** To the server; nothing comes of it if the wire is cut on the way. */
  send(what: string, effect: () => void): void;
  /** To this process. */
  receive(effect: () => void): void;
  /** Rejects when no answer comes in time. */
  ask<T>(what: string, effect: () => T, timeoutMs?: number): Promise<T>;
  close(): void;
  /** What ends with it, at the server. */
  onClose(listener: () => void): void;
}

const TIMEOUT_MS = 5_000;

export function openWire(network: Network, process: Process, onLost: () => void): Wire {
  const { world, server } = network;
  const random = world.random.fork();
  const closing: (() => void)[] = [];
  let isOpen = true;

  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    server.peers.delete(peer);
    for (const each of closing) each();
  };
  const peer: Peer = {
    name: process.name,
    onLost() {
      if (!isOpen) return;
      close();
      process.enter(onLost);
    },
  };
  server.peers.add(peer);
  process.onDeath(close);

  const delay = () => network.latencyMs(random);
  const passes = () => isOpen && server.isUp() && network.isReachable(process);

  const wire: Wire = {
    isOpen: () => isOpen,
    send(what, effect) {
      if (!process.point(what)) return;
      // What has left a process arrives, also when it dies then.
      const wasOpen = isOpen;
      world.after(delay(), () => {
        if (wasOpen && server.isUp() && network.isReachable(process)) effect();
      });
    },
    receive(effect) {
      world.after(delay(), () => {
        if (passes()) process.enter(effect);
      });
    },
    ask: (what, effect, timeoutMs = TIMEOUT_MS) =>
      new Promise((resolve, reject) => {
        const late = world.after(timeoutMs, () => process.enter(() => reject(new Error(`TIMEOUT of ${what}`))));
        wire.send(what, () => {
          const settle = settling(effect, resolve, reject);
          wire.receive(() => {
            late.cancel();
            if (process.point(`the answer to ${what}`)) settle();
          });
        });
      }),
    close,
    onClose: (listener) => void closing.push(listener),
  };
  return wire;
}

function settling<T>(effect: () => T, resolve: (value: T) => void, reject: (error: Error) => void): () => void {
  try {
    const value = effect();
    return () => resolve(value);
  } catch (error) {
    return () => reject(error instanceof Error ? error : new Error(String(error)));
  }
}
