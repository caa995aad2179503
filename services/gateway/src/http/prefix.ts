/**
 * The path that a proxy serves the node below, PURE. A proxy may take it off or leave it on: the node answers to both, so that either way of
 * writing its configuration works.
 */

/** `/capstan` of `https://example.org/capstan`; nothing of an address without a path. */
export function prefixOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
}

/**
 * The path and query of a target that is a whole address, as clients write it to a proxy and servers must take it (RFC 9112 §3.2.2): without
 * its scheme and host, of which there may be nothing but the scheme. Which node is meant, the Host header says.
 */
export function withoutAuthority(target: string): string {
  const rest = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  return rest === target || rest.startsWith('/') ? rest : `/${rest}`;
}

/** Slashes that are doubled count as one: clients put a path behind a provider's address that ends in a slash. */
export function withoutDoubledSlashes(target: string): string {
  const end = target.indexOf('?');
  const path = end === -1 ? target : target.slice(0, end);
  if (!path.startsWith('/') || !path.includes('//')) return target;
  return path.replace(/\/{2,}/g, '/') + target.slice(path.length);
}

/** What is asked for, as if the node were at the root. */
export function withoutPrefix(target: string, prefix: string): string {
  if (prefix === '' || !target.startsWith(prefix)) return target;
  const rest = target.slice(prefix.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : target;
}
