/** A connection of the fake client, as what is made of it uses it. */
import type { Wire } from './wire.ts';

export interface Connection {
  /** The wire of the moment. Throws if there is none. */
  wire(): Wire;
}
