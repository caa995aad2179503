/** A consumer's connection to one life of the gateway, on which it follows its jobs: in order, late, and gone when either end is. */
import type { ServerFrame } from '@capstan/shared/contract/socket';
import type { Address } from '@capstan/shared/contract/ids';
import type { From } from '../../../services/gateway/src/live/follow.ts';
import type { Outlet } from '../../../services/gateway/src/live/outlet.ts';
import { shortDelay, type Process } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { Gateway } from './gateway.ts';

export interface Connection {
  close(): void;
}

interface Options {
  readonly world: World;
  readonly process: Process;
  readonly gateway: Gateway;
  readonly owner: Address;
  readonly from: From;
  readonly receive: (frame: ServerFrame) => void;
  readonly closed: () => void;
}

const SUBSCRIPTION = '1';

export function connect({ world, process, gateway, owner, from, receive, closed }: Options): Connection {
  const random = world.random.fork();
  const slowness = world.random.fork();
  const over = new AbortController();
  let isOpen = true;
  let lastArrival = 0;

  const inOrder = (act: () => void) => {
    lastArrival = Math.max(lastArrival, world.now() + shortDelay(random.next()));
    world.after(lastArrival - world.now(), act);
  };
  const send = (frame: ServerFrame) => {
    if (isOpen && process.isAlive()) inOrder(() => receive(frame));
  };
  const end = () => {
    if (!isOpen) return;
    isOpen = false;
    process.enter(() => over.abort());
    inOrder(closed);
  };
  const outlet: Outlet = {
    send,
    tell: (told, subscription) =>
      send(JSON.parse(told.bytes((text) => Buffer.from(text), subscription).toString()) as ServerFrame),
    // No part of the order of events.
    hint: () => undefined,
    ready: () => Promise.resolve(),
    // A client that reads slowly, now and then.
    isBehind: () => slowness.next() < 0.2,
    isFull: () => slowness.next() < 0.05,
  };

  process.onDeath(end);
  inOrder(() =>
    process.enter(() => {
      gateway
        .follow({ subscription: SUBSCRIPTION, selection: { owner }, from, outlet, signal: over.signal, onBroken: end })
        .catch(end);
    }),
  );
  return { close: end };
}
