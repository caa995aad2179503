/** Images on Docker: found, pulled, made, removed. */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { boundedText } from '@capstan/shared/net/bounded-text';
import { MB } from '@capstan/shared/contract/sizes';
import { call, CHANGE_MS, failedUnlessFilled, LOOK_MS, pullFailed, refused, unless, within } from './answers.ts';
import type { EngineImages, ImageSettings, Login } from './ports/images.ts';
import type { Labels } from './labels.ts';
import { openStream } from './open-stream.ts';
import { followPull } from './pull-stream.ts';

/** Docker adds up all that it has to answer this. */
const ADD_UP_MS = 60_000;
/** What an image says of itself, with what the engine adds. Whoever made it may have written anything, and all of it would be read. */
const MAX_SAID_BYTES = 1_000_000;
/** Each time that Docker makes a container, it compares each of them with all others: tens of thousands take it minutes of a processor. */
const MAX_VARIABLES = 1_000;

export function createImageCalls(docker: Docker): EngineImages {
  const unpacked = new Map<string, number>();

  /** An engine that keeps images in containerd's store tells what one unpacks to in its list alone; what it says of the image is what came. */
  const unpackedSize = async (id: string, signal: AbortSignal) => {
    const known = unpacked.get(id);
    if (known !== undefined) return known;
    const listed = await call((abortSignal) => docker.listImages({ abortSignal }), { signal, limitMs: ADD_UP_MS });
    const size = listed.find((image) => image.Id === id)?.Size;
    if (size !== undefined) unpacked.set(id, size);
    return size ?? 0;
  };

  return {
    async findImage(reference, signal) {
      const said = await call(
        async (abortSignal) => {
          const path = `/images/${reference}/json?` as const;
          const opening = { method: 'GET', path, query: {}, abortSignal } as const;
          // 400: a name that an older engine can't read has no image either.
          const body = await unless([400, 404], openStream(docker, opening));
          return body && boundedText({ body }, MAX_SAID_BYTES);
        },
        { signal, limitMs: LOOK_MS },
      );
      if (!said) return undefined;
      if (said.kind === 'refused') throw saysTooMuch();
      const image = JSON.parse(said.text) as Docker.ImageInspectInfo;
      const {
        Id: id,
        RepoDigests: digests,
        RepoTags: tags,
        Size: size,
        Os: os,
        Architecture: architecture,
        Config,
      } = image;
      if ((Config?.Env ?? []).length > MAX_VARIABLES) throw manyVariables();
      // There, an image is named by what its registry calls it.
      const isInContainerd = (digests ?? []).some((digest) => digest.endsWith(`@${id}`));
      const sizeBytes = isInContainerd ? Math.max(size, await unpackedSize(id, signal)) : size;
      return {
        id,
        digests: digests ?? [],
        tags: tags ?? [],
        sizeBytes,
        os,
        architecture,
        settings: settingsOf(Config),
      };
    },

    async findImages(labels, signal) {
      const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
      const found = await call((abortSignal) => docker.listImages({ filters: { label }, abortSignal }), {
        signal,
        limitMs: LOOK_MS,
      });
      // Without a name an image is called by none, or by two that are none.
      const tagsOf = (tags: readonly string[] | null | undefined) =>
        (tags ?? []).filter((tag) => tag !== '<none>:<none>');
      return found.map(({ Id: id, RepoTags }) => ({ id, tags: tagsOf(RepoTags) }));
    },

    async findDigest({ reference, login }, signal) {
      const said = await call(
        async (abortSignal) => {
          const path = `/distribution/${reference}/json?` as const;
          const authconfig = login && authOf(login);
          const body = await openStream(docker, { method: 'GET', path, query: {}, authconfig, abortSignal });
          return boundedText({ body }, MAX_SAID_BYTES);
        },
        { signal, limitMs: LOOK_MS, other: pullFailed },
      ).catch(async (error: unknown) => {
        if (!hasCode(error, 'ENGINE_UNAVAILABLE')) throw error;
        // An engine that answers all else waits for its registry, and would for as long as that keeps silent.
        await call((abortSignal) => within(abortSignal, docker.ping()), { signal, limitMs: LOOK_MS });
        throw noDigest(error);
      });
      const digest = said.kind === 'text' ? digestIn(JSON.parse(said.text)) : undefined;
      if (digest === undefined) throw noDigest();
      return digest;
    },

    async pullImage({ reference, login, onLayer }, signal) {
      const authconfig = login && authOf(login);
      await call(
        async (abortSignal) => {
          const told = await docker.pull(reference, { ...(authconfig ? { authconfig } : {}), abortSignal });
          await followPull(told as Readable, onLayer);
        },
        { signal, other: failedUnlessFilled(pullFailed) },
      );
    },

    async importImage(reference, { tar, labels }, signal) {
      const [repo = '', tag = ''] = reference.split(':');
      const pairs = Object.entries(labels).map(([name, value]) => `${JSON.stringify(name)}=${JSON.stringify(value)}`);
      const changes = `LABEL ${pairs.join(' ')}`;
      await call(
        async (abortSignal) => {
          const told = await docker.importImage(tar, { repo, tag, changes, abortSignal });
          await followPull(told as Readable, () => undefined);
        },
        { signal, other: refused('CONTAINER_REFUSED') },
      );
    },

    removeImage: (reference, signal) =>
      call(
        async (abortSignal) => {
          const removal = unless([404], docker.getImage(reference).remove({ abortSignal }));
          return (
            (await unless(
              [409],
              removal.then(() => 'removed' as const),
            )) ?? 'in-use'
          );
        },
        { signal, limitMs: CHANGE_MS },
      ),
  };
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

function digestIn(said: unknown): string | undefined {
  const { Descriptor } = said as { readonly Descriptor?: { readonly digest?: string } };
  return DIGEST.test(Descriptor?.digest ?? '') ? Descriptor?.digest : undefined;
}

const noDigest = (cause?: unknown) => pullFailed(new Error('no digest', { cause }));

const saysTooMuch = () =>
  new CapstanError(
    'IMAGE_UNAVAILABLE',
    `The image may not run here: what it says of itself (labels, variables and the like) takes more than ${MAX_SAID_BYTES / MB} MB.`,
  );

const manyVariables = () =>
  new CapstanError(
    'IMAGE_UNAVAILABLE',
    `The image may not run here: it sets more than ${MAX_VARIABLES} environment variables (ENV).`,
  );

const authOf = ({ host, username, password }: Login) => ({ username, password, serveraddress: host });

/** Whatever is missing there is null, or not there at all, depending on who made the image. */
function settingsOf(config: Partial<Docker.ImageInspectInfo['Config']> | null | undefined): ImageSettings {
  const { Labels, Volumes, WorkingDir, Entrypoint, Cmd } = config ?? {};
  return {
    labels: (Labels as Labels | null | undefined) ?? {},
    volumes: Object.keys((Volumes as object | null | undefined) ?? {}),
    workingDir: WorkingDir ?? '',
    argv: [
      ...[(Entrypoint as string[] | string | null | undefined) ?? []].flat(),
      ...((Cmd as string[] | null | undefined) ?? []),
    ],
  };
}
