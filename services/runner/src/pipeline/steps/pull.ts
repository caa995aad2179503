/** The images of a job are on the machine, and stay there at least until the caller lets go of them. */
import type { Container } from '@capstan/shared/contract/ddo';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import type { Images } from '../../images/images.ts';
import type { HeldImage } from '../../images/image-cache.ts';
import type { Attempt } from '../attempt.ts';

/** The algorithm's. Throws IMAGE_UNAVAILABLE with a reason. */
export async function pull(
  { openMeter }: Attempt,
  { images, container }: { readonly images: Images; readonly container: Container },
  signal: AbortSignal,
): Promise<HeldImage> {
  const meter = openMeter('pull');
  const follow = ({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number | undefined }) =>
    meter.set(doneBytes, totalBytes);
  try {
    return await images.ensure({ container, follow }, signal);
  } finally {
    meter.end();
  }
}

/** The one of the environment's filter, if it has one; a job whose outputs nobody could look at is not begun. */
export async function pullFilter(
  { filter, log }: Pick<Attempt, 'filter' | 'log'>,
  images: Images,
  signal: AbortSignal,
): Promise<HeldImage | undefined> {
  if (!filter) return undefined;
  try {
    return await images.ensure({ container: filter, isOperators: true }, signal);
  } catch (error) {
    if (!hasCode(error, 'IMAGE_UNAVAILABLE')) throw error;
    log.error({ problem: error.message }, 'the filter of this environment can not be had, its jobs fail');
    throw new CapstanError('FILTER_UNAVAILABLE', 'The filter of this environment is not available at the moment.');
  }
}
