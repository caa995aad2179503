/** Where a subscription's frames go, whatever it is sent over. */
import type { ServerFrame } from '@capstan/shared/contract/socket';
import type { Shared, BroadcastFrame } from './broadcast-frame.ts';
import type { HintKind } from './hub.ts';

/** The connection of a client, as subscriptions use it. */
export interface Outlet {
  send(frame: ServerFrame): void;
  tell(frame: Omit<BroadcastFrame, 'small'>, subscription: string): void;
  /** A frame beside the events. One that the next of its kind makes up for is left out while the client is behind. */
  hint(hint: Shared, subscription: string, kind: HintKind): void;
  /** Resolves when the client has read most of what it was sent, and when the connection is gone. */
  ready(): Promise<void>;
  /** Whether the client has still to read what it was sent: history waits for it. */
  isBehind(): boolean;
  /** Whether so much waits in memory that what happens is better read from the store again, once the client has read that. */
  isFull(): boolean;
}
