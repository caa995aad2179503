/** Containers of the engine, and what goes into and out of them. A call that names one may throw CONTAINER_LOST, which only an engine that answers can say. */
import type { Readable } from 'node:stream';
import type { LogStream } from '@capstan/shared/contract/log';
import type { Labels } from '../labels.ts';
import type { Ours } from '../ours.ts';
import type { Phase, PhaseLabels } from '../names.ts';

export interface VolumeMount {
  readonly volume: string;
  readonly target: string;
  /** Where the engine can hold a volume to a size, the one it is made with. */
  readonly sizeBytes?: number;
  readonly isReadOnly: boolean;
  /** A new volume begins with what the image has there, and with the rights of that folder. */
  readonly isCopied?: true;
}

/** `of`: the one of another container, which runs already. `host`: the machine's own. */
export type Network =
  | { readonly kind: 'of'; readonly container: string }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'host' };

export type PathEntry =
  | { readonly kind: 'file'; readonly sizeBytes: number }
  | { readonly kind: 'folder' }
  /** `target`: where it leads in the end, whether there is something or not. */
  | { readonly kind: 'link'; readonly target: string }
  /** A pipe, a device, a socket. */
  | { readonly kind: 'other' };

/** What a container may use. Absent for containers that are never started. */
export interface Confinement {
  readonly user: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly tmpBytes: number;
  /** By index or UUID. */
  readonly gpus: readonly string[];
  /** None of its own, if absent. */
  readonly network?: Network;
  readonly logBytes: number;
}

/** Of any container but an algorithm's. */
export interface HelperSpec extends ContainerSpec {
  readonly labels: PhaseLabels<Exclude<Phase, 'algorithm'>>;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The image's if absent. */
  readonly workingDir?: string;
  /** The image's own, which the container would have too: they are emptied, so that none passes for one of ours, or of other programs. */
  readonly imageLabels?: Labels;
  /** Volumes that don't exist yet are made with the container, under its labels. */
  readonly mounts: readonly VolumeMount[];
  readonly confinement?: Confinement;
}

/** An exit of a container that was started. */
export interface Exit {
  readonly exitCode: number;
  readonly isOutOfMemory: boolean;
}

export interface Origin {
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
}

export type ContainerState =
  | { readonly kind: 'created' }
  | { readonly kind: 'running'; readonly startedAt: number }
  /** `finishedAt` is NaN where the engine does not know it. */
  | { readonly kind: 'exited'; readonly startedAt: number; readonly finishedAt: number; readonly exit: Exit };

/** The engine answers all else, and not how this container is. Unknown is not dead, and not done either. */
export interface Untold {
  readonly kind: 'untold';
}

/** Only a container that was started can exit, and only it may be waited for. */
export type StartedState = Exclude<ContainerState, { kind: 'created' }>;

/** What was written to a log at once, a line at most. */
export interface LogFrame {
  readonly stream: LogStream;
  /** The engine's time, as text with nanoseconds. The pieces of one very long line share it. */
  readonly at: string;
  readonly bytes: Buffer;
}

export interface EngineContainers {
  /** Throws CONTAINER_REFUSED, or IMAGE_GONE. A container of that name that was never started is replaced. */
  createContainer(spec: HelperSpec, signal: AbortSignal): Promise<void>;
  /** The same for the algorithm of an attempt, by whoever has the right to start that one. Throws a RangeError for another one. */
  createAlgorithm(ours: Ours, spec: ContainerSpec, signal: AbortSignal): Promise<void>;
  /** Throws START_REFUSED, or GPUS_REFUSED. After ENGINE_UNAVAILABLE it may have started: look before another try. */
  startContainer(name: string, signal: AbortSignal): Promise<void>;
  inspectContainer(name: string, signal: AbortSignal): Promise<ContainerState>;
  /** What a container was made of: the id of its image, and its environment. */
  originOf(name: string, signal: AbortSignal): Promise<Origin>;
  /** Whether anything runs in a container that the engine calls running: it may have missed its exit. */
  hasProcess(name: string, signal: AbortSignal): Promise<boolean>;
  /** Resolves when the container doesn't run, at once if it doesn't. */
  waitForExit(name: string, signal: AbortSignal): Promise<void>;
  /** Asks it to stop, kills it after the grace time; harmless if it doesn't run. */
  stopContainer(name: string, graceS: number, signal: AbortSignal): Promise<void>;
  /** Unpacks a tar stream below `path`. Throws DISK_FILLED. */
  putArchive(name: string, path: string, tar: Readable, signal: AbortSignal): Promise<void>;
  /**
   * What is at a path of a container, by whatever is mounted there; undefined if nothing is. Nothing is opened, and what is there is not
   * followed: whatever it is, it answers.
   */
  entryAt(name: string, path: string, signal: AbortSignal): Promise<PathEntry | undefined>;
  /** A file of a container. Undefined if there is none of that name; without a text where it is no plain file, or has more than `maxBytes`. */
  readText(
    name: string,
    file: { readonly path: string; readonly maxBytes: number },
    signal: AbortSignal,
  ): Promise<{ readonly text?: string } | undefined>;
  /** Packs `path` as a tar stream. */
  getArchive(name: string, path: string, signal: AbortSignal): Promise<Readable>;
  /**
   * Standard output and standard error from the beginning, in the order in which the engine took them. Ends with what there is, or, to
   * `follow`, when the container doesn't run. An engine whose log has outgrown its limit begins with what it still has.
   */
  readLog(
    name: string,
    how: { readonly follow: boolean },
    signal: AbortSignal,
  ): Promise<AsyncIterable<readonly LogFrame[]>>;
  /** Removes it, running or not; harmless if it is gone. */
  removeContainer(name: string, signal: AbortSignal): Promise<void>;
}
