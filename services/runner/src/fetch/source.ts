/** Kinds of files, and what is said to a server to get one. */
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { CapstanError } from '@capstan/shared/contract/errors';

/** Parameters of the consumer: query of a GET, body of a POST, variables of a GraphQL query, arguments of a contract's function. */
export type UserData = Readonly<Record<string, unknown>>;

/** A file of a service that another provider holds. No asset can name one: it follows from the service's endpoint. */
export interface ProviderFile {
  readonly type: 'provider';
  readonly endpoint: string;
  readonly documentId: string;
  readonly serviceId: string;
  readonly transferTxId: string;
  readonly fileIndex: number;
}

export type SourceFile = AssetFile | ProviderFile;
export type SourceKind = SourceFile['type'];
export type FileOf<Kind extends SourceKind> = Extract<SourceFile, { type: Kind }>;

/** The checksum that the owner gave with the file, lower-case hex of its sha256. */
export const checksumOf = (file: SourceFile): string | undefined =>
  file.type === 'provider' ? undefined : file.sha256?.toLowerCase();

/** One HTTP request, before anything about redirects. */
export interface SourceRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export const failed = (text: string, cause?: unknown) => new CapstanError('FETCH_FAILED', text, { cause });
export const interrupted = (text: string, cause?: unknown) => new CapstanError('FETCH_INTERRUPTED', text, { cause });

export function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (!url) throw failed('its address is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw failed('its address is neither http nor https');
  return url;
}

/** A URL as an asset names it. Credentials in it become a header, which redirects to other servers don't get. */
export function requestTo(text: string, headers: Readonly<Record<string, string>> = {}): SourceRequest {
  const url = parseUrl(text);
  if (!url.username && !url.password) return { url, method: 'GET', headers };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  return { url, method: 'GET', headers: { ...headers, authorization } };
}

/** A place below a server's address, whether that ends in a slash or not. */
export function requestBelow(base: string, path: string): SourceRequest {
  return requestTo(`${withoutEnd(base, '/')}/${path}`);
}

/** A pattern would look for the end from each of a stranger's ten thousand slashes. */
function withoutEnd(text: string, char: '/' | '&'): string {
  let length = text.length;
  while (text[length - 1] === char) length -= 1;
  return text.slice(0, length);
}

/** Adds to a query what it does not have; what it has, its owner wrote, and stays as it is to the letter. */
export function withQuery(url: URL, userdata: UserData): URL {
  const owners = new Set([...url.searchParams.keys()].map(sameName));
  const added = new URLSearchParams(
    Object.entries(userdata)
      .filter(([name]) => !owners.has(sameName(name)))
      .map(([name, value]): [string, string] => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  ).toString();
  if (added === '') return url;
  const result = new URL(url);
  result.search = result.search === '' ? added : `${withoutEnd(result.search, '&')}&${added}`;
  return result;
}

/** Servers differ in what is one parameter to them: letter case, `a[]` and `a[0]` beside `a`, `a.b` beside `a_b`. */
function sameName(name: string): string {
  return name.toLowerCase().trim().replace(/\[.*$/s, '').replace(/[\s.]/g, '_');
}

export function postOf({ url, headers }: SourceRequest, content: unknown): SourceRequest {
  return {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(content),
  };
}
