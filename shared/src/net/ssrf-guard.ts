/**
 * The SSRF guard: keeps addresses that strangers name from reaching into the operator's network. Checked is the address that a connection really goes to, after name
 * resolution, so neither a clever spelling nor a name that resolves differently the second time gets past.
 */
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { CapstanError } from '../contract/errors.ts';
import { addressRule, type AddressRule } from './address-rule.ts';
import { ownAddresses } from './own-addresses.ts';
import { createNameResolver, type ResolveName } from './resolve-name.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** A name may have a thousand: not all of them are tried. */
const MOST_TRIED = 8;
const resolveStrangersName = createNameResolver();

/**
 * Public addresses that are neither this machine's own nor those that the operator denies, and the ranges (CIDR) that the operator allows,
 * whatever they are.
 */
export function createAddressRule(
  allowed: readonly string[],
  setting: string,
  { deny = [], own = ownAddresses }: { readonly deny?: readonly string[]; readonly own?: () => readonly string[] } = {},
): AddressRule {
  for (const cidr of allowed) requireRange(cidr, setting);
  return (address) => addressRule({ allow: allowed, deny: [...deny, ...own()] })(address);
}

interface Reach {
  readonly isAllowed: AddressRule;
  /** Longest silence of a server. */
  readonly idleTimeoutMs: number;
  /** Looks names up; if absent, the one for names that strangers choose. Whatever it answers is judged by `isAllowed`. */
  readonly resolveName?: ResolveName;
}

/** Connections that only reach addresses the rule allows. */
export function createGuardedAgent({
  isAllowed,
  idleTimeoutMs,
  resolveName = resolveStrangersName,
}: Reach): Dispatcher {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup(isAllowed, resolveName) });
  return new Agent({
    headersTimeout: idleTimeoutMs,
    bodyTimeout: idleTimeoutMs,
    connect(options, callback) {
      // An address in the URL itself is never looked up.
      const literal = options.hostname.replace(/^\[|\]$/g, '');
      if (isIP(literal) > 0 && !isAllowed(literal)) return callback(noPublicAddress(), null);
      connect(options, (error, socket) => {
        if (error) return callback(error, null);
        if (socket && !isAllowed(socket.remoteAddress ?? '')) {
          socket.destroy();
          return callback(noPublicAddress(), null);
        }
        callback(null, socket);
      });
    },
  });
}

/** Also of a server that has no address at all: names of the operator's network are nobody's business. */
const NO_PUBLIC_ADDRESS = 'its server has no public address';
const REASON = 'no_public_address';
export const noPublicAddress = (cause?: unknown) =>
  new CapstanError('FETCH_FAILED', NO_PUBLIC_ADDRESS, { cause, reason: REASON });

/** Whether something failed because nobody is to be connected to there. */
export function hasNoPublicAddress(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error instanceof CapstanError && error.facts.reason === REASON) || hasNoPublicAddress(error.cause);
}

function guardedLookup(isAllowed: AddressRule, resolveName: ResolveName): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => isAllowed(address))) return callback(noPublicAddress(), '', 0);
      if (options.all) callback(null, addresses.slice(0, MOST_TRIED));
      else callback(null, first.address, first.family);
    });
  };
}

function requireRange(cidr: string, setting: string): void {
  try {
    ipaddr.parseCIDR(cidr);
  } catch (error) {
    throw new CapstanError('INVALID_CONFIG', `${setting}: ${cidr} is not an address range (CIDR).`, {
      cause: error,
    });
  }
}
