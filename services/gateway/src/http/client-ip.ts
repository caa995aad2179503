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

function add(proxies: BlockList, range: string): void {
  const [address = '', bits] = range.split('/');
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
