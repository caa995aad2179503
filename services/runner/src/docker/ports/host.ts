/** The container engine as a whole: whether it is there, since when, and what it has of a run. */
import type { Labels } from '../labels.ts';

export interface About {
  readonly version: string;
  /** What its containers run on, as Go names it: `linux`, `amd64`. */
  readonly os: string;
  readonly architecture: string;
  /** Where it keeps images and containers, on its own machine. */
  readonly rootDir: string;
}

export interface Found {
  readonly containers: readonly { readonly name: string; readonly labels: Labels }[];
  readonly volumes: readonly { readonly name: string; readonly labels: Labels }[];
}

export interface EngineHost {
  about(signal: AbortSignal): Promise<About>;
  /** Calls `onHeard` once it answers, and ends when it is gone: stopped, crashed, or cut off. Throws ENGINE_UNAVAILABLE. */
  listen(onHeard: () => void, signal: AbortSignal): Promise<void>;
  /** Resolves if it takes a new connection and answers at once. Throws ENGINE_UNAVAILABLE. */
  ping(signal: AbortSignal): Promise<void>;
  /**
   * Since when the engine that answers is there, by its own clock; undefined where it doesn't tell. It is asked on a connection of its own,
   * which an engine that is ending takes no more: so it was not ending when it was asked.
   */
  upSince(signal: AbortSignal): Promise<number | undefined>;
  /** Everything that carries all of these labels. `mayRecall`: what this life of the runner knows of its own run is enough. */
  find(labels: Labels, signal: AbortSignal, how?: { readonly mayRecall: boolean }): Promise<Found>;
}
