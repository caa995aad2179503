/**
 * The container engine as the runner sees it. Every call may throw ENGINE_UNAVAILABLE, which means unknown and never gone; a call
 * that names a container may throw CONTAINER_LOST, which only an engine that answers can say.
 */
import type { Readable } from 'node:stream';
import type { LogStream } from '@capstan/shared/contract/log';
import type { Phase, PhaseLabels } from './names.ts';
import type { Ours } from './ours.ts';
import type { Labels } from './labels.ts';

export interface Image {
  /** Content-addressed: `sha256:…`. */
  readonly id: string;
  /** `name@sha256:…`, as far as registries told. */
  readonly digests: readonly string[];
  /** `name:tag`, of whomever. */
  readonly tags: readonly string[];
  /** Unpacked. */
  readonly sizeBytes: number;
  /** As Go names them: `linux`, `amd64`. */
  readonly os: string;
  readonly architecture: string;
  readonly settings: ImageSettings;
}

/** What whoever made an image says about its containers. A stranger did. */
export interface ImageSettings {
  readonly labels: Labels;
  /** Paths that want a volume of their own. */
  readonly volumes: readonly string[];
  /** Empty if it names none. */
  readonly workingDir: string;
  /** What runs if nobody says what: entrypoint and command. */
  readonly argv: readonly string[];
}

export interface About {
  readonly version: string;
  /** What its containers run on, as Go names it: `linux`, `amd64`. */
  readonly os: string;
  readonly architecture: string;
  /** Where it keeps images and containers, on its own machine. */
  readonly rootDir: string;
}

/** A step of one layer of an image that is being pulled. */
export type LayerNote =
  /** `queued`: the engine fetches so many layers at a time, of all images, and this one is not among them yet. */
  | { readonly layer: string; readonly phase: 'waiting' | 'queued' | 'downloaded' }
  | {
      readonly layer: string;
      readonly phase: 'downloading';
      readonly doneBytes: number;
      readonly totalBytes: number | undefined;
    };

export interface Login {
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

export interface PullRequest {
  readonly reference: string;
  /** For registries that ask who wants it. */
  readonly login?: Login | undefined;
  readonly onLayer: (note: LayerNote) => void;
}

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

/** On a disk. */
export interface Room {
  readonly bytes: number;
  /** Entries of folders, of whatever kind. 0 where nobody counts them. */
  readonly files: number;
  /** It can not be measured to its end: more open files than are ever looked at, or folders that take too long. */
  readonly beyond?: 'open-files' | 'time';
}

export interface Writer {
  readonly container: string;
  readonly volumes: readonly string[];
}

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

export interface Found {
  readonly containers: readonly { readonly name: string; readonly labels: Labels }[];
  readonly volumes: readonly { readonly name: string; readonly labels: Labels }[];
}

export interface Engine {
  about(signal: AbortSignal): Promise<About>;
  /** Calls `onHeard` once it answers, and ends when it is gone: stopped, crashed, or cut off. Throws ENGINE_UNAVAILABLE. */
  listen(onHeard: () => void, signal: AbortSignal): Promise<void>;
  /** Resolves if it takes a new connection and answers at once. Throws ENGINE_UNAVAILABLE. */
  ping(signal: AbortSignal): Promise<void>;
  /** Whether it can hold volumes to a size. Tries it. */
  holdsVolumeSizes(labels: Labels, signal: AbortSignal): Promise<boolean>;
  /** What these volumes take on the disk. Counted until it is more than `enough`. Undefined where nobody can tell. */
  diskUsage(volumes: readonly string[], enough: Room, signal: AbortSignal): Promise<Room | undefined>;
  /**
   * What a container keeps open on the disk of its volumes without a name, as far as that is seen; undefined where it is not. All looks
   * at a container are under one signal.
   */
  namelessUsage(of: Writer, signal: AbortSignal): Promise<Room | undefined>;
  /** What the disk of these volumes has left, at once. Undefined where it is not to be seen from here. */
  freeBytes(volumes: readonly string[], signal: AbortSignal): Promise<number | undefined>;
  /** Undefined if the image is not on the machine. Throws IMAGE_UNAVAILABLE where it says more of itself than anybody should read. */
  findImage(reference: string, signal: AbortSignal): Promise<Image | undefined>;
  /** Those that carry all of these labels. */
  findImages(labels: Labels, signal: AbortSignal): Promise<readonly Pick<Image, 'id' | 'tags'>[]>;
  /** What a tag stands for in its registry at the moment: `sha256:…`. Throws as a pull does. */
  findDigest(wanted: Pick<PullRequest, 'reference' | 'login'>, signal: AbortSignal): Promise<string>;
  /** Throws IMAGE_UNAVAILABLE if it can't be had, FETCH_INTERRUPTED if that may pass, DISK_FILLED. Its text is the reason alone. */
  pullImage(request: PullRequest, signal: AbortSignal): Promise<void>;
  /** Makes an image of a tar stream, for what needs no registry. Throws CONTAINER_REFUSED. */
  importImage(
    reference: string,
    what: { readonly tar: Readable; readonly labels: Labels },
    signal: AbortSignal,
  ): Promise<void>;
  /** Takes the name away, and with its last name the image. `in-use`: a container needs it. Harmless if it is gone. */
  removeImage(reference: string, signal: AbortSignal): Promise<'removed' | 'in-use'>;
  /** Throws CONTAINER_REFUSED, or IMAGE_GONE. A container of that name that was never started is replaced. */
  createContainer(spec: HelperSpec, signal: AbortSignal): Promise<void>;
  /** The same for the algorithm of an attempt, by whoever has the right to start that one. Throws a RangeError for another one. */
  createAlgorithm(ours: Ours, spec: ContainerSpec, signal: AbortSignal): Promise<void>;
  /** Harmless if it exists. Throws VOLUME_REFUSED. */
  createVolume(name: string, labels: Labels, signal: AbortSignal): Promise<void>;
  /** Throws START_REFUSED, or GPUS_REFUSED. After ENGINE_UNAVAILABLE it may have started: look before another try. */
  startContainer(name: string, signal: AbortSignal): Promise<void>;
  inspectContainer(name: string, signal: AbortSignal): Promise<ContainerState>;
  /** What a container was made of: the id of its image, and its environment. */
  originOf(name: string, signal: AbortSignal): Promise<Origin>;
  /**
   * Since when the engine that answers is there, by its own clock; undefined where it doesn't tell. It is asked on a connection of its own,
   * which an engine that is ending takes no more: so it was not ending when it was asked.
   */
  upSince(signal: AbortSignal): Promise<number | undefined>;
  /** Whether anything runs in a container that the engine calls running: it may have missed its exit. */
  hasProcess(name: string, signal: AbortSignal): Promise<boolean>;
  /** Resolves when the container doesn't run, at once if it doesn't. */
  waitForExit(name: string, signal: AbortSignal): Promise<void>;
  /** A network by which a container reaches the world, and no other container. Harmless if it exists. Throws CONTAINER_REFUSED. */
  createNetwork(name: string, labels: Labels, signal: AbortSignal): Promise<void>;
  /** Harmless if it is gone. */
  removeNetwork(name: string, signal: AbortSignal): Promise<void>;
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
  /** Harmless if it is gone. */
  removeVolume(name: string, signal: AbortSignal): Promise<void>;
  /** Everything that carries all of these labels. */
  find(labels: Labels, signal: AbortSignal): Promise<Found>;
}
