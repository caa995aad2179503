/** Requests by the answers that they bring about. */
import type { EndpointName } from '@capstan/shared/contract/endpoints';
import type { Caller } from '../support/gateway/caller.ts';

/** One request to a route: its query, body and headers. */
export interface Call {
  /** Where the path holds a part that varies: with it. */
  readonly at?: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type MakeCall = (who: Caller) => Promise<Call> | Call;

export type Calls = Readonly<Record<number, MakeCall>>;

export interface DescribedCalls {
  /** Of each route, by the status that each should have. */
  readonly calls: Readonly<Record<EndpointName, Calls>>;
  /** One that succeeds, of each route that can't do without a disk. */
  readonly writes: Readonly<Partial<Record<EndpointName, MakeCall>>>;
}
