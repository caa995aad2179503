/** Which images may run, PURE. What is denied is denied; where there is a list of what is allowed, all else is denied too. */
import type { ImagesConfig, RegistryConfig } from '@capstan/shared/config/images';
import type { Image } from '../docker/ports/images.ts';
import { canonical, canonicalHost, referenceOf, type ImageReference } from './reference.ts';

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

interface Registries {
  readonly settings: Pick<ImagesConfig, 'allow' | 'registries'>;
  readonly logins: readonly Pick<RegistryConfig, 'host'>[];
}

/** Whether the engine may be sent to a registry: the operator has named its host in one way or another. */
export function isListedRegistry(registry: string, { settings, logins }: Registries): boolean {
  const named = [
    ...settings.registries,
    ...logins.map(({ host }) => host),
    ...(settings.allow ?? []).map((pattern) => canonical(pattern).split('/')[0] ?? ''),
  ];
  return named.some((host) => canonicalHost(host) === registry);
}

/** Whether the operator gives jobs this image, whoever else has it: by its name. */
export function isLocalByName({ repository, tagged }: ImageReference, local: readonly string[]): boolean {
  const tag = tagged.slice(tagged.lastIndexOf(':') + 1);
  return local.some((entry) => {
    if (isId(entry)) return false;
    const [, pattern = '', wantedTag] = /^(.+?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?$/.exec(entry) ?? [];
    return matches(pattern, repository) && (wantedTag === undefined || wantedTag === tag);
  });
}

/** The same, by its id. */
export const isLocalById = ({ id }: Pick<Image, 'id'>, local: readonly string[]): boolean =>
  local.some((entry) => isId(entry) && entry === id);

export const repositoryOf = (reference: string) => referenceOf({ image: reference })?.repository;

const isId = (entry: string) => /^sha256:[0-9a-f]{64}$/.test(entry);

function matches(pattern: string, repository: string): boolean {
  const source = canonical(pattern)
    .split('**')
    .map((text) => text.split('*').map(escaped).join('[^/]*'))
    .join('.*');
  return new RegExp(`^${source}$`).test(repository);
}

const escaped = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
