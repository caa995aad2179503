/** Why a pull failed, PURE: from the words of engine and registry, which know no codes, to a reason that a person understands. */

export interface PullRefusal {
  readonly reason: string;
  /** Another try may do. */
  readonly mayPass: boolean;
}

const REASONS: readonly (readonly [RegExp, string, 'passes'?])[] = [
  [/no space left on device/i, "the engine's disk is full"],
  [/no matching manifest for ([a-z0-9/]+)/i, 'it is not made for this machine ($1)'],
  [/image operating system .* cannot be used on this platform/i, 'it is not made for this kind of machine'],
  [/pull access denied/i, 'its registry has no such image, or wants a login for it'],
  [/manifest unknown|not found: does not exist|repository .* not found/i, 'its registry has no such image'],
  [
    /unauthorized|authentication required|no basic auth credentials|access denied|denied:|forbidden|status: 40[13]/i,
    'its registry wants a login, or refuses the one that this node has for it (401)',
  ],
  [/toomanyrequests|too many requests/i, 'its registry answers no more requests of this machine for now', 'passes'],
  [
    /filesystem layer verification failed|digest mismatch|does not match the digest/i,
    'what its registry sent is not what its digest says',
  ],
  [/no such host|server misbehaving/i, 'the name of its registry leads nowhere', 'passes'],
  [/connection refused|no route to host|network is unreachable/i, 'its registry is not reachable', 'passes'],
  [
    /x509|certificate|HTTP response to HTTPS client|first record does not look like a TLS handshake/i,
    'its registry has no certificate that the engine trusts',
  ],
  [
    /timeout|deadline exceeded|EOF|connection reset|broken pipe|received unexpected HTTP status: 5|internal server error|bad gateway|unavailable/i,
    'the connection to its registry broke',
    'passes',
  ],
  [
    /unsupported manifest|unsupported media type|schema version|missing signature key|mediatype/i,
    'it is of a format that the engine does not know',
  ],
];

/** `text` is the engine's; what is not known of it is not shown: it may name paths and addresses of the node. */
export function pullRefusal(text: string): PullRefusal {
  for (const [pattern, template, passes] of REASONS) {
    const found = pattern.exec(text);
    if (found) return { reason: template.replace('$1', found[1] ?? ''), mayPass: passes !== undefined };
  }
  return { reason: 'the container engine refused it', mayPass: false };
}
