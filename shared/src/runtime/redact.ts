/**
 * Keeps secrets out of what is logged, PURE. Whoever throws an error can't know what is in its causes: a client of HTTP names the whole
 * address, and with some providers the address is the key. So each line is looked through on its way out.
 */

const MARK = '[hidden]';
/** Scheme, what stands before an @, host, and the rest. */
const ADDRESS = /\b([a-z][a-z0-9+.-]{1,15}:\/\/)(?:[^\s/"'\\@]{1,512}@)?([^\s/"'\\?#<>)\]}]+)([^\s"'\\<>)\]}]*)/gi;
/** Shorter ones would be found in half of all words. */
const MIN_SECRET_LENGTH = 6;

export type Redact = (text: string) => string;

/** `secrets`: what must not be shown wherever it stands. Of addresses only the host is shown. */
export function createRedact(secrets: readonly string[]): Redact {
  const hidden = [...new Set(secrets.flatMap(forms))]
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .toSorted((one, other) => other.length - one.length);
  return (text) => {
    let shown = text.includes('://') ? text.replace(ADDRESS, hideRest) : text;
    for (const secret of hidden) shown = shown.replaceAll(secret, MARK);
    return shown;
  };
}

function hideRest(_address: string, scheme: string, host: string, rest: string): string {
  // Code of our own, in stacks.
  if (scheme === 'file://' || scheme === 'node:') return _address;
  return `${scheme}${host}${rest === '' || rest === '/' ? rest : `/${MARK}`}`;
}

/** As it may stand in a line of JSON, or in an address. */
const forms = (secret: string) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];

const SECRET_NAME = /password|secret|authorization|accessKeyId|nodeKey/i;
const ADDRESS_NAME = /^(servers|rpc|\w*url|\w*gateway|endpoint|api)$/i;

/** Every secret of a configuration: what its settings are named for, and what stands in addresses beside the host. */
export function secretsIn(config: unknown, name = ''): readonly string[] {
  if (typeof config === 'string') {
    if (SECRET_NAME.test(name)) return [config];
    return ADDRESS_NAME.test(name) ? partsOf(config) : [];
  }
  if (Array.isArray(config)) return config.flatMap((each) => secretsIn(each, name));
  if (typeof config !== 'object' || config === null) return [];
  return Object.entries(config).flatMap(([key, value]) => secretsIn(value, key));
}

/** The longest parts of the path and the query, and the password. */
function partsOf(address: string): readonly string[] {
  const url = URL.parse(address);
  if (!url) return [];
  const parts = [url.password, ...url.pathname.split('/'), ...url.searchParams.values()];
  return parts.filter((part) => part.length >= 16 || part === url.password).map(decodeURIComponent);
}
