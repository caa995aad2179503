/** How the node is reached, and how it reaches others: its public address, and proxies that it does not use. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { systemCode } from '@capstan/shared/contract/errors';
import type { Config } from '@capstan/shared/config/schema';
import { ok, warn, type Finding } from './finding.ts';

const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'https_proxy', 'http_proxy', 'all_proxy'];
const isLocal = (host: string) => /^(localhost|127\..*|\[?::1\]?|0\.0\.0\.0|\[?::\]?)$/.test(host);

export function judgePublicUrl({ host, publicUrl }: Pick<Config['gateway'], 'host' | 'publicUrl'>): Finding {
  const about = 'publicUrl';
  if (publicUrl === undefined) {
    return isLocal(host) && host !== '0.0.0.0' && host !== '::'
      ? ok(about, 'none: the node is for this machine alone')
      : warn(
          about,
          `none, and the gateway listens on ${host}: addresses of results lead nowhere`,
          'set gateway.publicUrl',
        );
  }
  const { protocol, hostname } = new URL(publicUrl);
  if (isLocal(hostname)) {
    return isLocal(host) && host !== '0.0.0.0' && host !== '::'
      ? ok(about, `${publicUrl}: for this machine alone`)
      : warn(
          about,
          `${publicUrl} leads others to their own machine`,
          'set gateway.publicUrl to the name by which they reach this one',
        );
  }
  return protocol === 'https:'
    ? ok(about, publicUrl)
    : warn(
        about,
        `${publicUrl} is not encrypted: tokens and results can be read on the way`,
        'put TLS in front (docs/proxies.md)',
      );
}

/** A name that leads nowhere is nobody's way to the node, however well it is written. */
export async function checkPublicUrl(
  gateway: Pick<Config['gateway'], 'host' | 'publicUrl'>,
  resolve: (name: string) => Promise<unknown> = lookup,
): Promise<Finding> {
  const finding = judgePublicUrl(gateway);
  if (gateway.publicUrl === undefined) return finding;
  const name = new URL(gateway.publicUrl).hostname.replace(/^\[|\]$/g, '');
  if (isIP(name) !== 0) return finding;
  try {
    await resolve(name);
    return finding;
  } catch (error) {
    return warn(
      finding.about,
      `${gateway.publicUrl}: this machine finds no address for ${name} (${systemCode(error) ?? 'no answer'}), so maybe nobody does`,
      'give the name an address (DNS), or set gateway.publicUrl to the name by which others reach the node',
    );
  }
}

export function judgeProxies(variables: Readonly<Record<string, string | undefined>>): readonly Finding[] {
  const set = PROXIES.filter((name) => (variables[name] ?? '') !== '');
  return set.length === 0
    ? []
    : [
        warn(
          'proxies',
          `${set.join(', ')}: the node does not use them, it fetches data and asks chains directly`,
          'let it out through the firewall; images are pulled by the engine, which has proxy settings of its own',
        ),
      ];
}
