/** Makes sure that an algorithm's image is on the machine. Jobs that want the same image share one pull. */
import type { Container } from '@capstan/shared/contract/ddo';
import { CapstanError, hasCode, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Engine, Image } from '../../docker/engine.ts';
import { unlessAborted } from '@capstan/shared/unless-aborted';
import { insist, persist } from '../../docker/insist.ts';
import type { Attempt } from '../attempt.ts';

export interface Images {
  /** Resolves to the image's id. Throws IMAGE_UNAVAILABLE with a reason. */
  ensure(container: Container, signal: AbortSignal): Promise<string>;
}

interface ImagesOptions {
  readonly engine: Engine;
  readonly pullTimeoutS: number;
  readonly log: Log;
}

/** For a registry that is not reachable at the moment. */
const RETRIES = 2;
/** What a reference may look like; it becomes part of a path of the engine's API. */
const REFERENCE = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:[/:@][A-Za-z0-9._-]+)*$/;

export function createImages({ engine, pullTimeoutS, log }: ImagesOptions): Images {
  const pulls = new Map<string, Promise<void>>();

  const pull = async (reference: string) => {
    const limit = AbortSignal.timeout(pullTimeoutS * 1_000);
    log.info({ image: reference }, 'pulling an image');
    try {
      await persist(
        () => insist(() => engine.pullImage(reference, limit), { signal: limit, log }),
        'FETCH_INTERRUPTED',
        { signal: limit, retries: RETRIES, minDelayMs: 300 },
      );
    } catch (error) {
      const text = limit.aborted ? `it took longer than ${pullTimeoutS} seconds` : messageOf(error);
      throw unavailable(reference, text);
    }
  };

  const sharedPull = (reference: string) => {
    const running = pulls.get(reference) ?? pull(reference).finally(() => pulls.delete(reference));
    pulls.set(reference, running);
    return running;
  };

  return {
    async ensure(container, signal) {
      const { image, tag, checksum } = container;
      const name = tag ? `${image}:${tag}` : image;
      if (!REFERENCE.test(name) || name.includes('..')) throw unavailable(name, 'it is not a valid image name');
      const find = (reference: string) => insist(() => engine.findImage(reference, signal), { signal, log });

      const local = await find(name);
      if (local && isWanted(local, checksum)) return local.id;
      // By digest a registry can't give another image than the one that is wanted.
      const reference = checksum ? `${image}@${checksum}` : withTag(name);
      const pulled = checksum ? await find(reference) : undefined;
      if (pulled) return pulled.id;
      try {
        // Whoever stops waiting leaves the pull to the others.
        await unlessAborted(sharedPull(reference), signal);
      } catch (error) {
        if (local && hasCode(error, 'IMAGE_UNAVAILABLE')) {
          throw unavailable(name, `the one on this machine is not ${checksum ?? 'usable'}, and ${error.message}`);
        }
        throw error;
      }
      const found = await find(reference);
      if (!found) throw unavailable(reference, 'it is not there after the pull');
      return found.id;
    },
  };
}

/** The image of the environment's filter, if it has one; a job whose outputs nobody could look at is not begun. */
export async function ensureFilter(
  images: Images,
  { filter, log }: Pick<Attempt, 'filter' | 'log'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!filter) return undefined;
  try {
    return await images.ensure(filter, signal);
  } catch (error) {
    if (!hasCode(error, 'IMAGE_UNAVAILABLE')) throw error;
    log.error({ problem: error.message }, 'the filter of this environment can not be had, its jobs fail');
    throw new CapstanError('FILTER_UNAVAILABLE', 'The filter of this environment is not available at the moment.');
  }
}

const unavailable = (reference: string, text: string) =>
  new CapstanError('IMAGE_UNAVAILABLE', `The image ${reference} could not be pulled: ${text}.`);

/** An image that was never in a registry has no digest; its id is a checksum of it as well. */
function isWanted({ id, digests }: Image, checksum: string | undefined): boolean {
  return checksum === undefined || id === checksum || digests.some((digest) => digest.endsWith(`@${checksum}`));
}

/** Without a tag the engine would pull all of them. */
function withTag(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).includes(':') ? name : `${name}:latest`;
}
