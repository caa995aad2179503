/** Makes sure that the image of an algorithm is on the machine, is the one that was named, and may run here. */
import type { ImagesConfig, RegistryConfig } from '@capstan/shared/config/images';
import type { Container } from '@capstan/shared/contract/ddo';
import { CapstanError } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { About, Engine, Image } from '../docker/engine.ts';
import { insist } from '../docker/insist.ts';
import type { HeldImage, ImageKeeper } from './keeper.ts';
import { platformRefusal } from './platform.ts';
import { refusalOf } from './policy.ts';
import { canonicalHost, referenceOf, type ImageReference } from './reference.ts';
import { tooLarge, unavailable, type Follow, type SharedPulls } from './shared-pulls.ts';

export interface Images {
  /** Resolves to an image that stays as long as it is held. Throws IMAGE_UNAVAILABLE with a reason. */
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
  readonly engine: Engine;
  readonly pulls: SharedPulls;
  readonly keeper: ImageKeeper;
  readonly settings: ImagesConfig;
  readonly registries: readonly RegistryConfig[];
  readonly log: Log;
}

const GB = 1_000_000_000;

export function createImages({ engine, pulls, keeper, settings, registries, log }: ImagesOptions): Images {
  const maxBytes = settings.maxImageGB * GB;
  let about: About | undefined;

  const find = async (reference: string, signal: AbortSignal, pulledAs?: string) =>
    keeper.take(() => insist(() => engine.findImage(reference, signal), { signal, log }), pulledAs);

  const requirePlatform = async (image: Image, name: string, signal: AbortSignal) => {
    about ??= await insist(() => engine.about(signal), { signal, log });
    const refusal = platformRefusal(image, about);
    if (refusal !== undefined) throw mayNotRun(name, refusal);
  };

  const onMachine = async (wanted: ImageReference, signal: AbortSignal) => {
    const byName = await find(wanted.tagged, signal);
    if (byName && isWanted(byName, wanted.digest)) return byName;
    byName?.[Symbol.dispose]();
    return wanted.pinned === undefined ? undefined : find(wanted.pinned, signal);
  };

  const pulled = async (wanted: ImageReference, follow: Follow, signal: AbortSignal) => {
    // By digest a registry can't give another image than the one that is wanted.
    const reference = wanted.pinned ?? wanted.tagged;
    const login = registries.find(({ host }) => canonicalHost(host) === wanted.registry);
    await keeper.makeRoom();
    await pulls.pull({ reference, login }, follow, signal);
    const image = await find(reference, signal, reference);
    keeper.wake();
    if (!image) throw unavailable(reference, 'it is not there after the pull');
    if (image.sizeBytes <= maxBytes) return image;
    image[Symbol.dispose]();
    await insist(() => engine.removeImage(reference, signal), { signal, log });
    throw unavailable(reference, tooLarge(maxBytes));
  };

  return {
    async ensure({ container, follow = () => undefined, isOperators = false }, signal) {
      const given = container.tag ? `${container.image}:${container.tag}` : container.image;
      const wanted = referenceOf(container);
      if (!wanted) throw unavailable(given, 'it is not a valid image name');
      const refusal = isOperators ? undefined : refusalOf(wanted, settings);
      if (refusal !== undefined) throw mayNotRun(given, refusal);
      using kept = new DisposableStack();
      const image = kept.use((await onMachine(wanted, signal)) ?? (await pulled(wanted, follow, signal)));
      await requirePlatform(image, given, signal);
      const held = kept.move();
      return { id: image.id, [Symbol.dispose]: () => held.dispose() };
    },
  };
}

const mayNotRun = (name: string, reason: string) =>
  new CapstanError('IMAGE_UNAVAILABLE', `The image ${name} may not run here: ${reason}.`);

/** An image that was never in a registry has no digest; its id is a checksum of it as well. */
function isWanted({ id, digests }: Image, digest: string | undefined): boolean {
  return digest === undefined || id === digest || digests.some((known) => known.endsWith(`@${digest}`));
}
