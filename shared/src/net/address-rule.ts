/**
 * Which addresses are anybody's to reach, PURE: the one rule for downloads, notifications and the network of jobs. It also runs in the
 * container that connects for a job, where `ipaddr.js` is all there is.
 */
import ipaddr from 'ipaddr.js';

export type AddressRule = (address: string) => boolean;

export interface AddressRanges {
  /** Ranges (CIDR) and single addresses that are reachable although they are not public. They win over all else. */
  readonly allow: readonly string[];
  /** Those that are not, although they look public. */
  readonly deny?: readonly string[];
}

/** All of IPv6 that is given out to the public; what lies elsewhere may stand for an address of IPv4. */
const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** Looks public, and is the platform's own, with secrets of the machine, on every machine of Azure. */
const PLATFORM = ['168.63.129.16'];

/** Throws what `ipaddr.js` throws for a range that is none. */
export function addressRule({ allow, deny = [] }: AddressRanges): AddressRule {
  const allowed = allow.map(rangeOf);
  const denied = [...PLATFORM, ...deny].map(rangeOf);
  return (text) => {
    if (!ipaddr.isValid(text)) return false;
    // `process` turns an IPv4 address that is mapped into IPv6 back into what it is.
    const address = ipaddr.process(text);
    const isIn = ([range, bits]: Range) => range.kind() === address.kind() && address.match(range, bits);
    if (allowed.some(isIn)) return true;
    const isPublic = address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(...GLOBAL_V6));
    return isPublic && !denied.some(isIn);
  };
}

export type PortRule = (address: string, port: number) => boolean;

/**
 * Which ports are open at addresses that may be reached: those of `ports`, or all where it names none. In a range that the operator allows, all are.
 */
export function portRule({
  allow,
  ports,
}: Pick<AddressRanges, 'allow'> & { readonly ports: readonly number[] }): PortRule {
  const isOwn = addressRule({ allow, deny: ['0.0.0.0/0', '::/0'] });
  return (address, port) => ports.length === 0 || ports.includes(port) || isOwn(address);
}

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

export function rangeOf(text: string): Range {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
