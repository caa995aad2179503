/** Which addresses a job with a network may reach, PURE. Runs in the container that connects, where `ipaddr.js` is all there is. */
import ipaddr from 'ipaddr.js';

export interface EgressRules {
  /** Ranges (CIDR) that are reachable although they are not public. They win over all else. */
  readonly allow: readonly string[];
  /** Ranges and single addresses that are not, although they look public: those of the machine itself, and what its operator names. */
  readonly deny: readonly string[];
}

export function createEgressRule({ allow, deny }: EgressRules): (address: string) => boolean {
  const allowed = allow.map(rangeOf);
  const denied = deny.map(rangeOf);
  return (text) => {
    if (!ipaddr.isValid(text)) return false;
    // `process` turns an IPv4 address that is mapped into IPv6 back into what it is.
    const address = ipaddr.process(text);
    const isIn = ([range, bits]: Range) => range.kind() === address.kind() && address.match(range, bits);
    if (allowed.some(isIn)) return true;
    return address.range() === 'unicast' && !denied.some(isIn);
  };
}

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

function rangeOf(text: string): Range {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
