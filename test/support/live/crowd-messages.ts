/** What a test and its crowd of subscribers, a process of its own, say to each other. */

export interface Opening {
  readonly do: 'open';
  readonly count: number;
  readonly url: string;
  /** Subscribes with this; the members of a crowd on a server that knows no subscriptions send nothing. */
  readonly frame?: object;
  /** Comes back whenever the connection is lost, and resumes from the last cursor. */
  readonly comesBack?: boolean;
  /** Stops reading once it has subscribed. */
  readonly isDeaf?: boolean;
}

export type Order =
  | Opening
  /** Until every member has an event at or after the cursor. */
  | { readonly do: 'await'; readonly cursor: number }
  /** What each member had until now. */
  | { readonly do: 'report' }
  /** Reads again. */
  | { readonly do: 'listen' }
  /** When each member had the event of this cursor. */
  | { readonly do: 'arrivals'; readonly cursor: number }
  | { readonly do: 'leave' };

export interface Member {
  /** Of all cursors of its events in their order, as `historyOf` has it. */
  readonly history: number;
  readonly events: number;
  /** How often it has connected. */
  readonly connections: number;
  readonly resets: number;
  /** How its connection ended, if it did. */
  readonly closed?: { readonly code: number; readonly reason: string };
  readonly lastError?: string;
}

export interface Report {
  /** Members that had the same are told once. */
  readonly groups: readonly (Member & { readonly members: number })[];
}

/** Milliseconds since 1970, with fractions. */
export interface Arrivals {
  readonly atMs: readonly number[];
}

/** A number that follows from a sequence of cursors, cheap to go on with. */
export const nextHistory = (history: number, cursor: number): number => (Math.imul(history, 31) + cursor) | 0;

export const historyOf = (cursors: readonly number[]): number => cursors.reduce(nextHistory, 0);
