/** What a fault is: something that is done to one part of the node or more, and undone again. */
import type { Chance } from '../chance.ts';
import type { Client } from '../clients/client.ts';
import type { ChaosEngine } from '../world/engine.ts';
import type { Disks } from '../world/disks.ts';
import type { ChaosNode } from '../world/node.ts';
import type { Repeater } from '../world/repeater.ts';

export type Part = 'gateway' | 'runner' | 'nats' | 'engine' | 'results' | 'clients';

export interface Scene {
  readonly dir: string;
  readonly node: ChaosNode;
  readonly engine: ChaosEngine;
  readonly disks: Disks;
  readonly clients: readonly [Client, ...Client[]];
  /** Clients of their own, for what no other client may be held up by. */
  newClient(name: string): Client;
  /** The library that shifts clocks. */
  readonly clockLibrary: string | undefined;
  readonly repeater: Repeater;
  breach(text: string): void;
  /** A while of at most so long; it is over when the run is. */
  hold(ms: number): Promise<void>;
}

export interface Fault {
  /** As in the list of faults of docs/reliability.md. */
  readonly id: string;
  readonly name: string;
  /** Nothing else is done to these at the same time. */
  readonly touches: readonly Part[];
  /** Why it can't be had on this machine. */
  readonly whyNot?: (scene: Scene) => string | undefined;
  /** Resolves when all is as before, to how long killed processes took to come back. */
  readonly inject: (scene: Scene, chance: Chance) => Promise<readonly number[] | void>;
}
