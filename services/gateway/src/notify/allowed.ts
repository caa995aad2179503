/** What can be said of an address for notifications before anybody is told anything: whether it can ever be reached from here. */
import { isIP } from 'node:net';
import { createAddressRule } from '@capstan/shared/net/ssrf-guard';

/** Undefined if it may be used; else what is wrong with it, to go behind the name of the field. */
export type NotifyProblem = (url: string) => string | undefined;

export function createNotifyProblem(allowPrivate: readonly string[], deny: readonly string[] = []): NotifyProblem {
  const isAllowed = createAddressRule(allowPrivate, 'gateway.notify.allowPrivate', { deny });
  return (text) => {
    if (!URL.canParse(text)) return 'must be a URL';
    // The parser has turned every spelling of an IPv4 address into the plain one.
    const { protocol, hostname } = new URL(text);
    if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https:// or http://';
    const literal = hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(literal) > 0 ? [literal] : isOwnName(hostname) ? ['127.0.0.1', '::1'] : [];
    return addresses.length > 0 && !addresses.some(isAllowed)
      ? 'must name a server with a public address; this node notifies no other (gateway.notify.allowPrivate lists exceptions)'
      : undefined;
  };
}

/** RFC 6761 §6.3: these names mean the machine that asks, whatever a resolver says. */
const isOwnName = (hostname: string) => /^(?:.+\.)?localhost\.?$/.test(hostname);
