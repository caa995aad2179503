/** Makes sure that the image of an algorithm is on the machine, is the one that was named, and may run here. */
import type { ImagesConfig, RegistryConfig } from '@capstan/shared/config/images';
import type { Container } from '@capstan/shared/contract/ddo';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { GB } from '@capstan/shared/contract/sizes';
import type { About, EngineHost } from '../docker/ports/host.ts';
import type { EngineImages, Image, Login } from '../docker/ports/images.ts';
import { retryWhileAnswering, TELL_MS } from '../docker/answering.ts';
import { retryWhileUnavailable, retryOnCode } from '../docker/retry-while-unavailable.ts';
import { copiesIn, imageVolumesOf } from './image-volumes.ts';
import type { HeldImage, ImageCache, Pulled } from './image-cache.ts';
import type { ImageNote } from './notes.ts';
import { platformRefusal } from './platform.ts';
import { isListedRegistry, isLocalById, isLocalByName, refusalOf, repositoryOf } from './policy.ts';
import { canonicalHost, referenceOf, shownName, tagOf, type ImageReference } from './reference.ts';
import { PULLS_AGAIN, tooLarge, unavailable, type Follow, type SharedPulls } from './shared-pulls.ts';

export interface Images {
  /** Resolves to an image that stays as long as it is held. Throws IMAGE_UNAVAILABLE with a reason, or DISK_FILLED. */
  ensure(wish: ImageWish, signal: AbortSignal): Promise<HeldImage>;
}

export interface ImageWish {
  readonly container: Pick<Container, 'image' | 'tag' | 'checksum'>;
  /** Hears how far the pull is, if there is one. */
  readonly follow?: Follow;
  /** The operator chose it: the lists are for what others choose. */
  readonly isOperators?: boolean;
}

interface ImagesOptions {
  readonly engine: EngineHost & EngineImages;
  readonly pulls: SharedPulls;
  readonly cache: ImageCache;
  readonly settings: ImagesConfig;
  readonly registries: readonly RegistryConfig[];
  readonly log: Log;
}

export function createImages({ engine, pulls, cache, settings, registries, log }: ImagesOptions): Images {
  const maxBytes = settings.maxImageGB * GB;
  let about: About | undefined;

  const find = async (reference: string, signal: AbortSignal, pulledAs?: Pulled) =>
    cache.take(
      () =>
        retryWhileAnswering({ engine, ms: TELL_MS, overdue: () => untold(reference), signal, log }, (limited) =>
          engine.findImage(reference, limited),
        ),
      pulledAs,
    );

  const loginOf = (registry: string) => registries.find(({ host }) => canonicalHost(host) === registry);

  /** Its registry has given it to this runner as it would to anybody: what is on the machine for another reason is not everybody's. */
  const isPublic = async ({ id }: Image, { repository, registry }: ImageReference) =>
    (await cache.notes()).some(
      (note) =>
        note.id === id &&
        repositoryOf(note.reference) === repository &&
        // Notes of earlier versions don't say.
        (note.isPublic ?? loginOf(registry) === undefined),
    );

  const requirePlatform = async (image: Image, name: string, signal: AbortSignal) => {
    about ??= await retryWhileUnavailable(() => engine.about(signal), { signal, log });
    const refusal = platformRefusal(image, about);
    if (refusal !== undefined) throw mayNotRun(name, refusal);
  };

  /** What it may be on the machine: what the machine calls by that name, and what this runner has pulled for it. */
  const onMachine = async (wanted: ImageReference, mayRun: (image: Image) => Promise<boolean>, signal: AbortSignal) => {
    const pulledFor = (await cache.notes()).filter(({ tagged }) => tagged === tagOf(wanted)).map(({ id }) => id);
    for (const name of [wanted.tagged, ...(wanted.pinned === undefined ? [] : [wanted.pinned]), ...pulledFor]) {
      const image = await find(name, signal);
      if (image && isWanted(image, wanted.digest) && (await mayRun(image))) return image;
      image?.[Symbol.dispose]();
    }
    return undefined;
  };

  /** By digest a registry can't give another image than the one that is wanted, and a pull moves no tag of the machine's. */
  const pullable = async (wanted: ImageReference, login: Login | undefined, signal: AbortSignal) => {
    if (wanted.pinned !== undefined) return wanted.pinned;
    const { tagged, name } = wanted;
    const look = () =>
      retryWhileUnavailable(() => engine.findDigest({ reference: tagged, login }, signal), { signal, log });
    try {
      return `${name}@${await retryOnCode(look, 'FETCH_INTERRUPTED', { signal, ...PULLS_AGAIN })}`;
    } catch (error) {
      if (!hasCode(error, 'IMAGE_UNAVAILABLE', 'FETCH_INTERRUPTED')) throw error;
      // Some engines are kept from asking. By a tag that nobody has here, nothing is moved.
      if ((await retryWhileUnavailable(() => engine.findImage(tagged, signal), { signal, log })) === undefined)
        return tagged;
      log.warn(
        { image: tagged, problem: error.message },
        'an image is not pulled: the engine does not tell its digest, and a pull would move the tag that is on this machine',
      );
      throw unavailable(tagged, error.message, error);
    }
  };

  const pulled = async ({ wanted, follow, isGiven }: Pulling, signal: AbortSignal) => {
    // What the login gets is for those whom the operator gives it.
    const login = isGiven ? loginOf(wanted.registry) : undefined;
    await cache.makeRoom();
    const reference = await pullable(wanted, login, signal);
    const before = await retryWhileUnavailable(() => engine.findImage(reference, signal), { signal, log });
    await pulls.pull({ reference, login }, follow, signal);
    const isKept = isTheirs(before, await cache.notes());
    const tagged = wanted.pinned === undefined ? { tagged: tagOf(wanted) } : {};
    const facts = { reference, ...tagged, isPublic: login === undefined, isKept };
    const image = await find(reference, signal, facts).catch(async (error: unknown) => {
      // What is not even looked at is not kept, nor remembered.
      if (!before && hasCode(error, 'IMAGE_UNAVAILABLE'))
        await retryWhileUnavailable(() => engine.removeImage(reference, signal), { signal, log });
      throw error;
    });
    cache.wake();
    if (!image) throw unavailable(reference, 'it is not there after the pull');
    if (image.sizeBytes <= maxBytes) return image;
    image[Symbol.dispose]();
    await retryWhileUnavailable(() => cache.discard(image.id), { signal, log });
    throw unavailable(wanted.tagged, tooLarge(maxBytes));
  };

  return {
    async ensure({ container, follow = () => undefined, isOperators = false }, signal) {
      const given = shownName(container);
      const wanted = referenceOf(container);
      if (!wanted) throw unavailable(given, 'it is not a valid image name');
      const refusal = isOperators ? undefined : refusalOf(wanted, settings);
      if (refusal !== undefined) throw mayNotRun(given, refusal);
      using kept = new DisposableStack();
      const isGiven = isOperators || isLocalByName(wanted, settings.local);
      const mayRun = async (image: Image) =>
        isGiven || isLocalById(image, settings.local) || (await isPublic(image, wanted));
      const here = await onMachine(wanted, mayRun, signal);
      // The same words whether it is on the machine or not: what is there is nobody's business.
      if (!here && !isOperators && !isListedRegistry(wanted.registry, { settings, logins: registries })) {
        throw mayNotRun(given, NOT_LISTED);
      }
      const image = kept.use(here ?? (await pulled({ wanted, follow, isGiven }, signal)));
      await requirePlatform(image, given, signal);
      const volumes = imageVolumesOf(image.settings.volumes);
      if (volumes.kind === 'refused') throw mayNotRun(given, volumes.reason);
      if (image.sizeBytes * copiesIn(volumes.paths) > maxBytes) throw mayNotRun(given, manyCopies(maxBytes));
      const held = kept.move();
      return { id: image.id, settings: image.settings, [Symbol.dispose]: () => held.dispose() };
    },
  };
}

interface Pulling {
  readonly wanted: ImageReference;
  readonly follow: Follow;
  /** The operator lets jobs have it, with the operator's login. */
  readonly isGiven: boolean;
}

/** Somebody else put it on the machine, and decides when it goes. */
function isTheirs(here: Image | undefined, notes: readonly ImageNote[]): boolean {
  if (!here) return false;
  const known = notes.filter(({ id }) => id === here.id);
  return known.length === 0 || known.some(({ isKept }) => isKept);
}

const manyCopies = (maxBytes: number) =>
  `the volumes that it wants (VOLUME) lie in one another, and copies of what is in them may take more than ${maxBytes / GB} GB`;

const untold = (reference: string) =>
  new CapstanError(
    'IMAGE_UNAVAILABLE',
    `The container engine answers all else, and not whether it has the image ${reference}.`,
  );

const NOT_LISTED =
  'this node pulls no images from that registry, unless its operator lists it (runner.images.registries), and gives jobs no images of its own but those that its operator lists (runner.images.local)';

const mayNotRun = (name: string, reason: string) =>
  new CapstanError('IMAGE_UNAVAILABLE', `The image ${name} may not run here: ${reason}.`);

/** An image that was never in a registry has no digest; its id is a checksum of it as well. */
function isWanted({ id, digests }: Image, digest: string | undefined): boolean {
  return digest === undefined || id === digest || digests.some((known) => known.endsWith(`@${digest}`));
}
