/**
 * Which names this node answers to. A page on the web can have a name of its own resolve to an address of yours, and is then of one
 * origin with whatever answers there (DNS rebinding): so the node answers to addresses, and to names that its operator knows.
 */
import { isIP } from 'node:net';
import { CapstanError } from '@capstan/shared/contract/errors';

/**
 * Throws MISDIRECTED for a Host that is not this node's, and BAD_REQUEST for several: a proxy in front may go by another one of them
 * than the node (RFC 9112, 3.2). As they stand in `headersDistinct`.
 */
export type RequireHost = (hosts: readonly string[] | undefined) => void;

interface HostsOptions {
  readonly publicUrl: string | undefined;
  /** Where the gateway listens, which may be a name. */
  readonly host: string;
  /** Further names, with any port. */
  readonly hosts: readonly string[];
}

export function createRequireHost({ publicUrl, host, hosts }: HostsOptions): RequireHost {
  const names = [host, ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname]), ...hosts].map(plainName);
  const known: ReadonlySet<string> = new Set(names);
  return ([asked, ...others] = []) => {
    if (others.length > 0) throw new CapstanError('BAD_REQUEST', 'The request has more than one Host header.');
    // HTTP/1.0 has none; no browser speaks it.
    if (asked === undefined || asked === '') return;
    const name = hostnameOf(asked);
    if (isIP(name) !== 0 || name === 'localhost' || known.has(name)) return;
    throw new CapstanError(
      'MISDIRECTED',
      `This node does not answer to ${JSON.stringify(asked.slice(0, 100))}. If that is its name, its operator lists it in gateway.hosts, or sets gateway.publicUrl.`,
    );
  };
}

/** Without a port, brackets, and the dot at the end that a full name may have; in lower case. */
export function hostnameOf(authority: string): string {
  const [, bracketed, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(authority) ?? [];
  return plainName(bracketed ?? name);
}

const plainName = (name: string) =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1');

export const isLoopbackName = (name: string): boolean =>
  name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
