/** Volumes of the engine, and what they take on its disk. */
import type { Labels } from '../labels.ts';

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

export interface EngineVolumes {
  /** Harmless if it exists. Throws VOLUME_REFUSED. */
  createVolume(name: string, labels: Labels, signal: AbortSignal): Promise<void>;
  /** Harmless if it is gone. */
  removeVolume(name: string, signal: AbortSignal): Promise<void>;
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
}
