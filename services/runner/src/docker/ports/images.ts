/** Images of the engine. */
import type { Readable } from 'node:stream';
import type { Labels } from '../labels.ts';

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

export interface EngineImages {
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
}
