/** The XML of an S3 store: small, plain, and of the one shape that was asked for. What it lists is checked by whoever uses it. */
import { MIB } from '../contract/sizes.ts';
import sax from 'sax';
import { unavailable } from './objects.ts';

interface Element {
  readonly name: string;
  text: string;
  readonly children: Element[];
}

/** A listing of a thousand names of a thousand bytes, escaped. */
export const MAX_XML_BYTES = 4 * MIB;
const MAX_ELEMENTS = 20_000;
const MAX_DEPTH = 8;

/** Entities of XML alone; its types do not know the word. */
const OPTIONS: Readonly<Record<string, boolean>> = { strictEntities: true };

/** The outermost element. Throws RESULTS_UNAVAILABLE if it is not called `root`, or if this is no whole XML. */
export function parseXml(text: string, root: string): Element {
  const parser = sax.parser(true, OPTIONS);
  const open: Element[] = [{ name: '', text: '', children: [] }];
  let elements = 0;
  const add = (part: string) => {
    const top = open.at(-1);
    if (top) top.text += part;
  };
  const refuse = () => {
    throw unavailable('its answer is not what was asked for');
  };
  Object.assign(parser, {
    ondoctype: refuse,
    onerror: refuse,
    onopentag({ name }: { readonly name: string }) {
      elements += 1;
      if (elements > MAX_ELEMENTS || open.length > MAX_DEPTH) refuse();
      const element = { name, text: '', children: [] };
      open.at(-1)?.children.push(element);
      open.push(element);
    },
    onclosetag: () => open.pop(),
    ontext: add,
    oncdata: add,
  });
  parser.write(text).close();
  const outermost = open[0]?.children[0];
  if (!outermost || outermost.name !== root) throw unavailable('its answer is not what was asked for');
  return outermost;
}

const childOf = ({ children }: Element, name: string) => children.find((child) => child.name === name)?.text;

/** The code of an error, if it is one that may be shown. */
export function errorCodeIn(text: string): string | undefined {
  try {
    const code = childOf(parseXml(text, 'Error'), 'Code')?.trim();
    return code !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

export function uploadIdIn(text: string): string {
  const id = childOf(parseXml(text, 'InitiateMultipartUploadResult'), 'UploadId') ?? '';
  if (!isUploadId(id)) throw unavailable('it began an upload and gave it no id');
  return id;
}

/** Throws unless it says that this key is whole now. A store that needs long says 200 first, and what went wrong later. */
export function requireCompleted(text: string, key: string): void {
  const code = errorCodeIn(text);
  if (code !== undefined) throw unavailable(`it answered ${code}`);
  const said = childOf(parseXml(text, 'CompleteMultipartUploadResult'), 'Key') ?? key;
  if (said !== key && decoded(said) !== key) throw unavailable('it completed another upload');
}

/** The keys of a page of a listing, all of them below the folder that was asked for. */
export function keysIn(text: string, folder: string): readonly string[] {
  const listing = parseXml(text, 'ListBucketResult');
  const keys = listing.children.filter(({ name }) => name === 'Contents').map((entry) => childOf(entry, 'Key') ?? '');
  return requireBelow(keys, folder, childOf(listing, 'IsTruncated'));
}

export interface Upload {
  readonly key: string;
  readonly uploadId: string;
}

/** Likewise of uploads that nobody finished. */
export function uploadsIn(text: string, folder: string): readonly Upload[] {
  const listing = parseXml(text, 'ListMultipartUploadsResult');
  const uploads = listing.children
    .filter(({ name }) => name === 'Upload')
    .map((entry) => ({ key: childOf(entry, 'Key') ?? '', uploadId: childOf(entry, 'UploadId') ?? '' }));
  if (!uploads.every(({ uploadId }) => isUploadId(uploadId))) throw unavailable('it listed an upload without an id');
  requireBelow(
    uploads.map(({ key }) => key),
    folder,
    childOf(listing, 'IsTruncated'),
  );
  return uploads;
}

/** Nothing of a list is touched when one name in it was not asked for: a store or proxy that ignores the prefix lists what is others'. */
function requireBelow(keys: readonly string[], folder: string, isTruncated = 'false'): readonly string[] {
  if (!keys.every((key) => key.startsWith(folder) && isOfOurs(key.slice(folder.length)))) {
    throw unavailable('it listed names that were not asked for, so that nothing was deleted');
  }
  if (keys.length === 0 && isTruncated.trim() === 'true')
    throw unavailable('it said that there is more, and listed none');
  return keys;
}

/** No name of ours holds more than letters, digits and these, and none climbs. */
const isOfOurs = (rest: string) =>
  /^[A-Za-z0-9._/-]{1,512}$/.test(rest) &&
  rest.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const isUploadId = (id: string) => /^[!-~]{1,2048}$/.test(id);

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
