/**
 * Addresses of names that strangers chose. The system's own way, `lookup`, waits in a thread, of which a process has two for all of its
 * names: a server of a stranger's that never answers would keep the node from finding its chains, its store and the sources of others.
 * Here a name that nobody answers costs a socket for some seconds, and nobody else waits for it.
 */
import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { systemCode } from '../contract/errors.ts';

export type ResolveName = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The system's own way, which asks everything that the operator has set up: for names of the operator's. */
export const resolveOwnName: ResolveName = (hostname, options, callback) => lookup(hostname, options, callback);

interface Sources {
  /** Of DNS, `address:port`; the system's if absent. */
  readonly servers?: readonly string[];
  readonly hostsPath?: string;
  /** Until a server is asked once more; twice as long after that. */
  readonly timeoutMs?: number;
}

const TRIES = 2;
/** Without a dot it is the operator's own network that knows it, or this machine: no stranger can make it slow. */
const OWN_NAME = /^[^.]*\.?$/;
/** RFC 6761: nobody is asked who has such a name, */
const THIS_MACHINE = /(^|\.)localhost\.?$/i;
/** and nobody has such a one. */
const NO_NAME = /\.invalid\.?$/i;

/** What the system's file of hosts says, or else DNS: IPv4 addresses first, which every machine reaches. */
export function createNameResolver({
  servers,
  hostsPath = '/etc/hosts',
  timeoutMs = 2_000,
}: Sources = {}): ResolveName {
  const hosts = createHosts(hostsPath);

  const ask = async (hostname: string): Promise<readonly string[]> => {
    if (THIS_MACHINE.test(hostname)) return ['127.0.0.1', '::1'];
    if (NO_NAME.test(hostname)) throw noSuchName();
    const resolver = new Resolver({ timeout: timeoutMs, tries: TRIES, maxTimeout: 2 * timeoutMs });
    if (servers) resolver.setServers(servers);
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length > 0) return found;
    const isAbsent = answers.every((answer) => answer.status === 'fulfilled' || isNoAnswer(answer.reason));
    throw isAbsent ? noSuchName() : notAnswered();
  };

  const find = async (hostname: string): Promise<LookupAddress[]> => {
    const written = await hosts(hostname);
    const addresses = written.length > 0 ? written : await ask(hostname);
    return addresses.map((address) => ({ address, family: isIP(address) }));
  };

  return (hostname, options, callback) => {
    if (OWN_NAME.test(hostname) && !THIS_MACHINE.test(hostname)) return resolveOwnName(hostname, options, callback);
    tellOf(find(hostname), callback);
  };
}

/** A callback that throws must not be called once more for it. */
function tellOf(finding: Promise<LookupAddress[]>, callback: Parameters<ResolveName>[2]): void {
  const tell = (...told: Parameters<typeof callback>) => process.nextTick(callback, ...told);
  finding.then(
    (addresses) => tell(null, addresses),
    (error: unknown) => tell(error instanceof Error ? error : notAnswered(), []),
  );
}

const isNoAnswer = (error: unknown) => ['ENOTFOUND', 'ENODATA', 'EBADNAME'].includes(systemCode(error) ?? '');
const coded = (code: string) => Object.assign(new Error(`The name could not be looked up (${code}).`), { code });
/** With the codes that `lookup` has. */
const noSuchName = () => coded('ENOTFOUND');
const notAnswered = () => coded('EAI_AGAIN');

/** What the file says of a name. Read again only when it has changed: it may be a long one. */
function createHosts(path: string): (hostname: string) => Promise<readonly string[]> {
  let known: { readonly version: string; readonly names: ReadonlyMap<string, readonly string[]> } | undefined;
  return async (hostname) => {
    const found = await stat(path).catch(() => undefined);
    if (!found) return [];
    const version = `${found.mtimeMs} ${found.ino} ${found.size}`;
    if (known?.version !== version) {
      known = { version, names: namesIn(await readFile(path, 'utf8').catch(() => '')) };
    }
    return known.names.get(hostname.toLowerCase().replace(/\.$/, '')) ?? [];
  };
}

function namesIn(text: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const alias of aliases) {
      const name = alias.toLowerCase();
      names.set(name, [...(names.get(name) ?? []), address]);
    }
  }
  return names;
}
