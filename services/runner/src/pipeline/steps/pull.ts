/** The image of the algorithm is on the machine, and stays there at least until the caller lets go of it. */
import type { Container } from '@capstan/shared/contract/ddo';
import type { Images } from '../../images/images.ts';
import type { HeldImage } from '../../images/keeper.ts';
import type { Attempt } from '../attempt.ts';

export async function pull(
  { openMeter }: Attempt,
  { images, container }: { readonly images: Images; readonly container: Container },
  signal: AbortSignal,
): Promise<HeldImage> {
  const meter = openMeter('pull');
  try {
    return await images.ensure(container, ({ doneBytes, totalBytes }) => meter.set(doneBytes, totalBytes), signal);
  } finally {
    meter.end();
  }
}
