/** Images on Docker: found, pulled, made, removed. */
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { boundedText } from '@capstan/shared/net/bounded-text';
import { MB } from '@capstan/shared/contract/sizes';
import { call, CHANGE_MS, failedUnlessFilled, LOOK_MS, pullFailed, refused, unless } from './answers.ts';
import type { EngineHttp } from './http.ts';
import type { EngineImages, ImageSettings, Login } from './ports/images.ts';
import type { Labels } from './labels.ts';
import { followPull } from './pull-stream.ts';

/** Docker adds up all that it has to answer this. */
const ADD_UP_MS = 60_000;
/** What an image says of itself, with what the engine adds. Whoever made it may have written anything, and all of it would be read. */
const MAX_SAID_BYTES = 1_000_000;
/** Each time that Docker makes a container, it compares each of them with all others: tens of thousands take it minutes of a processor. */
const MAX_VARIABLES = 1_000;

export function createImageCalls(http: EngineHttp): EngineImages {
  const unpacked = new Map<string, number>();

  /** An engine that keeps images in containerd's store tells what one unpacks to in its list alone; what it says of the image is what came. */
  const unpackedSize = async (id: string, signal: AbortSignal) => {
    const known = unpacked.get(id);
    if (known !== undefined) return known;
    const list = (limited: AbortSignal) =>
      http.read<readonly Listed[]>({ method: 'GET', path: '/images/json', signal: limited });
    const listed = await call(list, { signal, limitMs: ADD_UP_MS });
    const size = listed.find((image) => image.Id === id)?.Size;
    if (size !== undefined) unpacked.set(id, size);
    return size ?? 0;
  };

  return {
    async findImage(reference, signal) {
      const said = await call(
        async (limited) => {
          const asked = { method: 'GET', path: `/images/${reference}/json`, signal: limited } as const;
          // 400: a name that an older engine can't read has no image either.
          const body = await unless([400, 404], http.open(asked));
          return body && boundedText({ body }, MAX_SAID_BYTES);
        },
        { signal, limitMs: LOOK_MS },
      );
      if (!said) return undefined;
      if (said.kind === 'refused') throw saysTooMuch();
      const image = JSON.parse(said.text) as Inspected;
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
      const found = await call(
        (limited) =>
          http.read<readonly Listed[]>({
            method: 'GET',
            path: '/images/json',
            query: { filters: JSON.stringify({ label }) },
            signal: limited,
          }),
        { signal, limitMs: LOOK_MS },
      );
      // Without a name an image is called by none, or by two that are none.
      const tagsOf = (tags: readonly string[] | null | undefined) =>
        (tags ?? []).filter((tag) => tag !== '<none>:<none>');
      return found.map(({ Id: id, RepoTags }) => ({ id, tags: tagsOf(RepoTags) }));
    },

    async findDigest({ reference, login }, signal) {
      const said = await call(
        async (limited) => {
          const path = `/distribution/${reference}/json`;
          const body = await http.open({ method: 'GET', path, headers: authOf(login), signal: limited });
          return boundedText({ body }, MAX_SAID_BYTES);
        },
        { signal, limitMs: LOOK_MS, other: pullFailed },
      ).catch(async (error: unknown) => {
        if (!hasCode(error, 'ENGINE_UNAVAILABLE')) throw error;
        // An engine that answers all else waits for its registry, and would for as long as that keeps silent.
        await call((limited) => http.done({ method: 'GET', path: '/_ping', signal: limited }), {
          signal,
          limitMs: LOOK_MS,
        });
        throw noDigest(error);
      });
      const digest = said.kind === 'text' ? digestIn(JSON.parse(said.text)) : undefined;
      if (digest === undefined) throw noDigest();
      return digest;
    },

    async pullImage({ reference, login, onLayer }, signal) {
      const query = tagIn(reference);
      const asked = { method: 'POST', path: '/images/create', query, headers: authOf(login) } as const;
      await call(
        async (limited) => {
          await followPull(await http.open({ ...asked, signal: limited }), onLayer);
        },
        { signal, other: failedUnlessFilled(pullFailed) },
      );
    },

    async importImage(reference, { tar, labels }, signal) {
      const [repo = '', tag = ''] = reference.split(':');
      const pairs = Object.entries(labels).map(([name, value]) => `${JSON.stringify(name)}=${JSON.stringify(value)}`);
      const changes = `LABEL ${pairs.join(' ')}`;
      await call(
        async (limited) => {
          const query = { fromSrc: '-', repo, tag, changes };
          const told = await http.open({ method: 'POST', path: '/images/create', query, tar, signal: limited });
          await followPull(told, () => undefined);
        },
        { signal, other: refused('CONTAINER_REFUSED') },
      );
    },

    removeImage: (reference, signal) =>
      call(
        async (limited) => {
          const removal = unless([404], http.done({ method: 'DELETE', path: `/images/${reference}`, signal: limited }));
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

/** For whoever asks a registry. */
function authOf(login: Login | undefined): Readonly<Record<string, string>> {
  if (!login) return {};
  const { host, username, password } = login;
  const said = JSON.stringify({ username, password, serveraddress: host });
  // As in addresses, and with the padding that Docker wants.
  const text = Buffer.from(said).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return { 'x-registry-auth': text };
}

/** Whatever is missing there is null, or not there at all, depending on who made the image. */
function settingsOf(config: Config | null | undefined): ImageSettings {
  const { Labels, Volumes, WorkingDir, Entrypoint, Cmd } = config ?? {};
  return {
    labels: Labels ?? {},
    volumes: Object.keys(Volumes ?? {}),
    workingDir: WorkingDir ?? '',
    argv: [...[Entrypoint ?? []].flat(), ...(Cmd ?? [])],
  };
}

/** A digest goes in the tag's place. */
function tagIn(reference: string) {
  const at = reference.indexOf('@');
  const colon = reference.lastIndexOf(':');
  const end = at >= 0 ? at : colon > reference.lastIndexOf('/') ? colon : reference.length;
  return { fromImage: reference.slice(0, end), tag: reference.slice(end + 1) || 'latest' };
}

interface Listed {
  readonly Id: string;
  readonly Size: number;
  readonly RepoTags: readonly string[] | null;
}

/** What Docker says of an image, as far as it is read. */
interface Inspected {
  readonly Id: string;
  readonly RepoDigests: readonly string[] | null;
  readonly RepoTags: readonly string[] | null;
  readonly Size: number;
  readonly Os: string;
  readonly Architecture: string;
  readonly Config?: Config | null;
}

interface Config {
  readonly Env?: readonly string[] | null;
  readonly Labels?: Labels | null;
  readonly Volumes?: object | null;
  readonly WorkingDir?: string;
  readonly Entrypoint?: readonly string[] | string | null;
  readonly Cmd?: readonly string[] | null;
}
