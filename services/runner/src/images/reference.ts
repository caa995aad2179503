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
const HOST = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?';
const REFERENCE = new RegExp(
  `^(?<name>(?:(?<host>${HOST})/)?${PART}(?:/${PART})*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$`,
);
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MAX_LENGTH = 255;

/** Undefined if it is no name of an image. */
export function referenceOf({
  image,
  tag,
  checksum,
}: Pick<Container, 'image' | 'tag' | 'checksum'>): ImageReference | undefined {
  const found = REFERENCE.exec(tag ? `${image}:${tag}` : image)?.groups;
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

/** A repository, or a pattern of repositories, with its registry. */
export function canonical(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return first === '**' ? first : `${HUB}/library/${first}`;
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.includes('*');
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
