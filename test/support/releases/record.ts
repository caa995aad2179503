/** What a release has left behind, as `test/by-hand/record-release.ts` has recorded it. */
import type { ConsumerConfig, StreamConfig } from 'nats';
import type { RecordedCall } from '../recording-proxy.ts';

export interface SaidMessage {
  readonly subject: string;
  readonly data: string;
}

export interface Broker {
  readonly streams: readonly {
    readonly config: StreamConfig;
    readonly consumers: readonly ConsumerConfig[];
    readonly messages: readonly (SaidMessage & { readonly headers: Readonly<{ [name: string]: string }> })[];
  }[];
}

export interface Record {
  /** By what was done for them when both were killed. The last events of `told` wait on the broker. */
  readonly jobs: Readonly<{ publishing: string; running: string; told: string; provisioning: string }>;
  readonly environment: string;
  /** Of whoever ordered them. */
  readonly consumerKey: string;
  /** The id that the image of the demo had in that engine. */
  readonly image: string;
  /** What its runner had the engine do, in this order. */
  readonly engine: readonly RecordedCall[];
  readonly broker: Broker;
  /** All that gateway and runner said to each other, what is repeated once. */
  readonly said: readonly SaidMessage[];
  /** By which they read it: JSON Schema, by its name in the code. */
  readonly schemas: Readonly<{ [name: string]: unknown }>;
}
