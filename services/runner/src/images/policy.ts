/** Which images may run, PURE. What is denied is denied; where there is a list of what is allowed, all else is denied too. */
import type { ImagesConfig } from '@capstan/shared/config/images';
import { canonical, type ImageReference } from './reference.ts';

type Policy = Pick<ImagesConfig, 'allow' | 'deny' | 'requireDigest'>;

/** Why it may not run, for the one who wanted to; undefined if it may. */
export function refusalOf(
  { repository, digest }: ImageReference,
  { allow, deny, requireDigest }: Policy,
): string | undefined {
  const isNamedIn = (patterns: readonly string[]) => patterns.some((pattern) => matches(pattern, repository));
  if (isNamedIn(deny)) return 'this node does not run images of that repository';
  if (allow && !isNamedIn(allow)) return 'that repository is not on the list of those whose images this node runs';
  if (requireDigest && digest === undefined) {
    return 'this node runs only images whose digest is given, as the checksum of the container';
  }
  return undefined;
}

function matches(pattern: string, repository: string): boolean {
  const source = canonical(pattern)
    .split('**')
    .map((text) => text.split('*').map(escaped).join('[^/]*'))
    .join('.*');
  return new RegExp(`^${source}$`).test(repository);
}

const escaped = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
