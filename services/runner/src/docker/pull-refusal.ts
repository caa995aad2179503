/** Why a pull failed, PURE: from the words of engine and registry, which know no codes, to a reason that a person understands. */

export interface PullRefusal {
  readonly reason: string;
  /** Another try may do. */
  readonly mayPass: boolean;
}

/** Where a registry has not answered, or not as a registry does, the reason is one and the same: the ways to fail would tell hosts and ports apart. */
const NO_ANSWER = 'its registry gave no answer that the engine can use';
const GIVEN_BY_NAME =
  'jobs get an image that only this machine has, or its login, where its operator lists it (runner.images.local)';

const WANTS_LOGIN = `its registry wants a login, or refuses the one that this node has for it (401); ${GIVEN_BY_NAME}`;

const REASONS: readonly (readonly [RegExp, string, 'passes'?])[] = [
  [/no space left on device/i, "the engine's disk is full"],
  [/no matching manifest for ([a-z0-9/]{1,40})/i, 'it is not made for this machine ($1)'],
  [/no match for platform/i, 'it is not made for this machine'],
  [/image operating system .* cannot be used on this platform/i, 'it is not made for this kind of machine'],
  [/max depth exceeded/i, 'it has more layers than the engine takes'],
  // With containerd's image store it stands at the end of a text that begins with the next one.
  [/no basic auth credentials/i, WANTS_LOGIN],
  [
    /pull access denied|insufficient_scope/i,
    `its registry has no such image, or wants a login for it; ${GIVEN_BY_NAME}`,
  ],
  [
    /manifest unknown|not found: does not exist|repository .* not found|: not found\s*$/i,
    'its registry has no such image',
  ],
  [/unauthorized|authentication required|access denied|denied:|forbidden|status: 40[13]/i, WANTS_LOGIN],
  [/toomanyrequests|too many requests/i, 'its registry answers no more requests of this machine for now', 'passes'],
  [
    /filesystem layer verification failed|digest mismatch|does not match the digest|unexpected commit digest/i,
    'what its registry sent is not what its digest says',
  ],
  [/no such host|server misbehaving|connection refused|no route to host|network is unreachable/i, NO_ANSWER, 'passes'],
  [/x509|certificate|HTTP response to HTTPS client|first record does not look like a TLS handshake/i, NO_ANSWER],
  [
    /timeout|deadline exceeded|EOF|connection reset|broken pipe|HTTP status: 5|status from .* 5\d\d|internal server error|bad gateway|unavailable/i,
    NO_ANSWER,
    'passes',
  ],
];

/** `text` is the engine's; what is not known of it is not shown: it may name paths and addresses of the node. */
export function pullRefusal(text: string): PullRefusal {
  for (const [pattern, template, passes] of REASONS) {
    const found = pattern.exec(text);
    if (found) return { reason: template.replace('$1', found[1] ?? ''), mayPass: passes !== undefined };
  }
  return { reason: NO_ANSWER, mayPass: false };
}
