/**
 * Keeps addresses that strangers name from reaching into the operator's network. Checked is the address that a connection really goes to, after name
 * resolution, so neither a clever spelling nor a name that resolves differently the second time gets past.
 */
import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { CapstanError } from '../errors.ts';

export type AddressRule = (address: string) => boolean;

const CONNECT_TIMEOUT_MS = 10_000;

/** All of IPv6 that is given out to the public; what lies elsewhere may stand for an address of IPv4. */
const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** Public addresses, and the private ranges (CIDR) that the operator allows. */
export function createAddressRule(allowPrivate: readonly string[], setting: string): AddressRule {
  const allowed = allowPrivate.map((cidr) => parseRange(cidr, setting));
  return (text) => {
    if (!ipaddr.isValid(text)) return false;
    // `process` turns an IPv4 address that is mapped into IPv6 back into what it is.
    const address = ipaddr.process(text);
    const isPublic = address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(...GLOBAL_V6));
    if (isPublic) return true;
    return allowed.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
  };
}

export type ResolveName = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

interface Reach {
  readonly isAllowed: AddressRule;
  /** Longest silence of a server. */
  readonly idleTimeoutMs: number;
  /** The system's if absent. Its answers are not believed. */
  readonly resolveName?: ResolveName;
}

/** Connections that only reach addresses the rule allows. */
export function createGuardedAgent({ isAllowed, idleTimeoutMs, resolveName = lookup }: Reach): Dispatcher {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup(isAllowed, resolveName) });
  return new Agent({
    headersTimeout: idleTimeoutMs,
    bodyTimeout: idleTimeoutMs,
    connect(options, callback) {
      // An address in the URL itself is never looked up.
      const literal = options.hostname.replace(/^\[|\]$/g, '');
      if (isIP(literal) > 0 && !isAllowed(literal)) return callback(forbidden(), null);
      connect(options, (error, socket) => {
        if (error) return callback(error, null);
        if (socket && !isAllowed(socket.remoteAddress ?? '')) {
          socket.destroy();
          return callback(forbidden(), null);
        }
        callback(null, socket);
      });
    },
  });
}

const forbidden = () => new CapstanError('FETCH_FAILED', 'its server has no public address');

function guardedLookup(isAllowed: AddressRule, resolveName: ResolveName): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => isAllowed(address))) return callback(forbidden(), '', 0);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function parseRange(cidr: string, setting: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  try {
    return ipaddr.parseCIDR(cidr);
  } catch (error) {
    throw new CapstanError('INVALID_CONFIG', `${setting}: ${cidr} is not an address range (CIDR).`, {
      cause: error,
    });
  }
}
