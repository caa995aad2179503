/** Names of images, PURE: read as engines read them, so that no other spelling gets round a list of what may run. */
import type { Container } from '@capstan/shared/contract/ddo';

export interface ImageReference {
  /** Without a tag, as it was given. */
  readonly name: string;
  /** Always with a registry, in one spelling: `docker.io/library/busybox`. */
  readonly repository: string;
  /** Host of the registry, in one spelling. */
  readonly registry: string;
  /** What the name stands for at the moment; `latest` if none was given: without a tag an engine would pull all of them. */
  readonly tagged: string;
  /** The very image that is wanted, whatever the tag stands for. Absent if none is pinned. */
  readonly pinned?: string;
  readonly digest?: string;
}

const HUB = 'docker.io';
const HUB_ALIASES: readonly string[] = ['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];

// The grammar of github.com/distribution/reference.
const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const DOMAIN = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*';
const HOST = `(?:${DOMAIN}|\\[[0-9A-Fa-f:]+\\])(?::[0-9]{1,5})?`;
const REFERENCE = new RegExp(
  `^(?<name>(?:(?<host>${HOST})/)?${PART}(?:/${PART})*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$`,
);
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MAX_LENGTH = 255;
/** A name, a tag and a digest, with what stands between them. */
const MAX_WHOLE_LENGTH = MAX_LENGTH + 1 + 128 + 1 + 71;

/** Undefined if it is no name of an image. */
export function referenceOf({
  image,
  tag,
  checksum,
}: Pick<Container, 'image' | 'tag' | 'checksum'>): ImageReference | undefined {
  if (image.length + (tag?.length ?? 0) > MAX_WHOLE_LENGTH) return undefined;
  // Whoever writes the tag into the name means it; forms fill in another one beside it.
  const isTagged = REFERENCE.exec(image)?.groups?.['tag'] !== undefined;
  const whole = tag && !isTagged ? `${image}:${tag}` : image;
  const found = REFERENCE.exec(whole)?.groups;
  const name = found?.['name'];
  if (!found || name === undefined || name.length > MAX_LENGTH) return undefined;
  if (checksum !== undefined && !DIGEST.test(checksum)) return undefined;
  const digest = checksum ?? found['digest'];
  // Two digests, of which one is wrong.
  if (found['digest'] !== undefined && found['digest'] !== digest) return undefined;
  const repository = canonical(name);
  return {
    name,
    repository,
    registry: repository.slice(0, repository.indexOf('/')),
    tagged: `${name}:${found['tag'] ?? 'latest'}`,
    ...(digest === undefined ? {} : { pinned: `${name}@${digest}`, digest }),
  };
}

/** The name of a tag in one spelling. */
export const tagOf = ({ repository, tagged }: ImageReference) =>
  `${repository}${tagged.slice(tagged.lastIndexOf(':'))}`;

/** A name as engines show them, in one spelling, by its digest if it has one. */
export function canonicalName(name: string): string | undefined {
  const reference = referenceOf({ image: name });
  if (!reference) return undefined;
  return reference.digest === undefined ? tagOf(reference) : `${reference.repository}@${reference.digest}`;
}

/** What somebody called an image, short enough to be repeated to them. */
export function shownName({ image, tag }: Pick<Container, 'image' | 'tag'>): string {
  const given = tag ? `${image}:${tag}` : image;
  return given.length > MAX_WHOLE_LENGTH ? `${given.slice(0, MAX_LENGTH).toWellFormed()}…` : given;
}

/** A repository, or a pattern of repositories, with its registry. */
export function canonical(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return first === '**' ? first : `${HUB}/library/${first}`;
  // Newer engines take a first part with an upper-case letter for a host as well, since no repository has one.
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost' || first.includes('*');
  if (!isHost) return `${HUB}/${name}`;
  const host = canonicalHost(first);
  return host === HUB && rest.length === 1 && rest[0] !== '**'
    ? `${HUB}/library/${rest[0]}`
    : [host, ...rest].join('/');
}

export function canonicalHost(host: string): string {
  const plain = host.toLowerCase().replace(/:443$/, '');
  return HUB_ALIASES.includes(plain) ? HUB : plain;
}
