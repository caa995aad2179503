/** Whose request it is: the peer's address, or, from a proxy of ours, the last one that it and others of ours heard from. */
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { CapstanError } from '@capstan/shared/contract/errors';

export type ClientIp = (peer: string | undefined, headers: IncomingHttpHeaders) => string;

/** The header in which our proxies say whom they heard from. The other one is passed on as a client wrote it, and is not looked at. */
export const FORWARDED_HEADERS = ['X-Forwarded-For', 'Forwarded'] as const;
export type ForwardedHeader = (typeof FORWARDED_HEADERS)[number];

export type IsTrustedProxy = (peer: string) => boolean;

/** `trusted`: addresses and CIDR ranges. Throws INVALID_CONFIG for one that is neither. */
export function createTrustedProxies(trusted: readonly string[]): IsTrustedProxy {
  const proxies = new BlockList();
  for (const range of trusted) add(proxies, range);
  return (peer) => {
    const address = plain(peer);
    return trusted.length > 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  };
}

/** As above. */
export function createClientIp(trusted: readonly string[], header: ForwardedHeader = 'X-Forwarded-For'): ClientIp {
  const isOurs = createTrustedProxies(trusted);

  return (peer = '', headers) => {
    const own = plain(peer);
    if (!isOurs(own)) return own;
    // Each proxy appends whom it heard from; what a client wrote itself stands before.
    const hops = hopsIn(headers[header === 'Forwarded' ? 'forwarded' : 'x-forwarded-for'], header);
    const stranger = hops.findLast((hop) => isIP(hop) === 0 || !isOurs(hop));
    return stranger !== undefined && isIP(stranger) !== 0 ? stranger : own;
  };
}

function hopsIn(value: string | readonly string[] | undefined, header: ForwardedHeader): readonly string[] {
  const text = typeof value === 'string' ? value : (value ?? []).join(',');
  const hops = text.split(',').map((hop) => hop.trim());
  return hops.map((hop) => bare(header === 'Forwarded' ? forIn(hop) : hop));
}

/** RFC 7239 §4: `for="[2001:db8::7]:4711";proto=https`. Parts are separated by semicolons; one that names nobody is no address. */
function forIn(element: string): string {
  const [, value = ''] = /(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s]*)/i.exec(element) ?? [];
  return value.replaceAll('"', '');
}

/** The address of a hop, without brackets and port, as some proxies write them. */
function bare(hop: string): string {
  const [, inBrackets, beforePort] = /^\[([^\]]*)\](?::\d+)?$|^([^:]*):\d+$/.exec(hop) ?? [];
  return plain(inBrackets ?? beforePort ?? hop);
}

/** IPv4 addresses come as `::ffff:1.2.3.4` on a socket that takes both. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '');

/**
 * What is counted as one client: an IPv4 address, or the first half of an IPv6 address. Whoever has one address of such a network has
 * them all, and may come from another one each time.
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const groups = (text = '') => (text === '' ? [] : text.split(':'));
  const before = groups(head);
  const gap = tail === undefined ? 0 : 8 - before.length - groups(tail).length;
  const all = [...before, ...Array.from({ length: gap }, () => '0'), ...groups(tail)];
  const network = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

function add(proxies: BlockList, range: string): void {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(range) ?? [];
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  try {
    if (bits === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(bits), family);
  } catch (error) {
    throw new CapstanError(
      'INVALID_CONFIG',
      `gateway.trustedProxies: ${range} is neither an address nor a CIDR range.`,
      {
        cause: error,
      },
    );
  }
}
