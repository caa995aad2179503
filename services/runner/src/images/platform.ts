/** Whether a machine can run what is in an image, PURE. */
import type { About } from '../docker/ports/host.ts';
import type { Image } from '../docker/ports/images.ts';

/** What a kernel runs beside its own: 32-bit programs of its family. */
const ALSO_RUNS: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] };

/** What a stranger wrote there is shown where it looks like what it should be. */
const shown = (word: string) => (/^[a-z0-9_.-]{1,20}$/i.test(word) ? word : 'something else');

/** Why it can't run there; undefined if it can. */
export function platformRefusal(
  image: Pick<Image, 'os' | 'architecture'>,
  engine: Pick<About, 'os' | 'architecture'>,
): string | undefined {
  const runs = [engine.architecture, ...(ALSO_RUNS[engine.architecture] ?? [])];
  // Images that were made by hand may say nothing.
  const isRunnable =
    (image.os === '' || image.os === engine.os) && (image.architecture === '' || runs.includes(image.architecture));
  if (isRunnable) return undefined;
  return `it is made for ${shown(image.os)}/${shown(image.architecture)}, and this machine is ${engine.os}/${engine.architecture}`;
}
