/** Whose request it is: the peer's address, or, from a proxy of ours, the last address in X-Forwarded-For that is not one of ours. */
import { BlockList, isIP } from 'node:net';
import { CapstanError } from '@capstan/shared/errors';

export type ClientIp = (peer: string | undefined, forwardedFor: string) => string;

/** `trusted`: addresses and CIDR ranges. Throws INVALID_CONFIG for one that is neither. */
export function createClientIp(trusted: readonly string[]): ClientIp {
  const proxies = new BlockList();
  for (const range of trusted) add(proxies, range);
  const isOurs = (address: string) => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return (peer = '', forwardedFor) => {
    const own = plain(peer);
    if (trusted.length === 0 || !isOurs(own)) return own;
    // Each proxy appends whom it heard from; what a client wrote itself stands before.
    const hops = forwardedFor.split(',').map((hop) => plain(hop.trim()));
    const stranger = hops.findLast((hop) => isIP(hop) === 0 || !isOurs(hop));
    return stranger !== undefined && isIP(stranger) !== 0 ? stranger : own;
  };
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
